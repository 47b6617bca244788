// How long each step of a rollback takes: an upgrade whose installer fails on the standby with everything changed, so that
// nothing is left out on the way back; `rounds` times, on the lab's cluster.
import type { RunDocument } from '../../shared/documents.ts';
import { batonJson, setInstaller } from '../lab/lab.ts';
import { runEnds, startAfresh, startUpgrade } from '../lab/scenario.ts';
import { median, seconds } from './beside.ts';

export interface RollbackFigures {
  /** In the plan's order. */
  steps: { id: string; tookMs: number[] }[];
  wholeMs: number[];
  portalDownMs: number[];
}

const endsWithinMs = 600_000;

export async function measureRollbacks(rounds: number): Promise<RollbackFigures> {
  const runs: RunDocument[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    await startAfresh();
    await setInstaller(['n2'], { DURATION_S: 2, FAIL_AT: 90 });
    const upgrade = await runEnds(await startUpgrade(), endsWithinMs);
    if (upgrade.halt?.item !== 'standby.install') throw new Error(`${upgrade.id} stands elsewhere: ${upgrade.message}`);
    const started = await batonJson<{ run: string }>('run', 'rollback', upgrade.id, '--yes', '--detach');
    if (started.exitCode !== 0) throw new Error(started.stderr);
    const run = await runEnds(started.document.run, endsWithinMs);
    if (run.status !== 'rolled-back') throw new Error(`${run.id}: ${run.status}: ${run.message}`);
    process.stderr.write(`rollback, round ${round}: ${seconds(wholeOf(run))} s\n`);
    runs.push(run);
  }
  // Gates only read, and the run keeps no time of theirs: they are in the whole.
  const timed = (runs[0]?.steps ?? []).filter(({ kind }) => kind === 'step');
  return {
    steps: timed.map(({ id }) => ({
      id,
      tookMs: runs.map(({ steps }) => steps.find((one) => one.id === id)?.elapsedMs ?? 0),
    })),
    wholeMs: runs.map(wholeOf),
    portalDownMs: runs.map(({ portal }) => portal?.downMs ?? Number.NaN),
  };
}

const wholeOf = ({ startedAt, endedAt }: RunDocument): number => Date.parse(endedAt ?? '') - Date.parse(startedAt);

export function describeRollbacks({ steps, wholeMs, portalDownMs }: RollbackFigures): string {
  const cells = (values: string[]) => values.map((value) => value.padStart(9)).join('');
  const row = (name: string, tookMs: number[]) => name.padEnd(32) + cells([...tookMs, median(tookMs)].map(seconds));
  return [
    'rollback, s'.padEnd(32) + cells([...wholeMs.map((_, index) => `round ${index + 1}`), 'median']),
    ...steps.map(({ id, tookMs }) => row(id, tookMs)),
    row('all of it', wholeMs),
    row('portal without answer', portalDownMs),
  ].join('\n');
}
