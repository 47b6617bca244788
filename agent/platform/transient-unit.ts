// How a transient unit stands: what systemd says of it, the status that it left, whether its control group is empty.
// Stopping and collecting are here too; starting is that of jobs (jobs/start-job.ts).
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Failure, fail, ok, type Result } from '../../shared/failures.ts';
import { isControlGroupEmpty } from './control-group.ts';
import { failureOfProgram, runProgram } from './run-program.ts';
import { errorCode } from './system-error.ts';
import { parseProperties } from './unit-states.ts';

const systemctlTimeoutMs = 10_000;
const properties = ['LoadState', 'ActiveState', 'SubState', 'Result', 'ExecMainCode', 'ExecMainStatus', 'ControlGroup'];

export interface UnitStanding {
  /** systemd knows it: it runs, or has ended and was not collected. */
  isLoaded: boolean;
  activeState: string;
  subState: string;
  /** systemd's word for how it ended: success, exit-code, signal, timeout, oom-kill, … */
  result: string;
  exitStatus: number;
  isEmpty: boolean;
}

/** What systemd says of a unit now. */
export async function readStanding(unit: string): Promise<Result<UnitStanding>> {
  const ran = await runProgram(['systemctl', 'show', `--property=${properties.join(',')}`, unit], {
    timeoutMs: systemctlTimeoutMs,
  });
  const failed = failureOfProgram(ran, systemctlTimeoutMs);
  if (failed !== undefined) return { ok: false, failure: failed };
  const of = parseProperties(ran.stdout)[0];
  if (of === undefined) return fail('unexpected-output', `systemctl show ${unit} answered nothing`);
  return ok({
    isLoaded: of.get('LoadState') === 'loaded',
    activeState: of.get('ActiveState') ?? '',
    subState: of.get('SubState') ?? '',
    result: of.get('Result') ?? '',
    exitStatus: Number(of.get('ExecMainStatus') ?? 0),
    isEmpty: await isControlGroupEmpty(of.get('ControlGroup') ?? ''),
  });
}

/** The exit status that the unit left in its folder; undefined while it has left none. */
export async function readExitStatus(folder: string): Promise<number | undefined> {
  try {
    const text = (await readFile(join(folder, 'status'), 'utf8')).trim();
    return /^\d{1,3}$/.test(text) ? Number(text) : undefined;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Ends everything in a unit; true when afterwards nothing of it runs. */
export async function stopUnit(unit: string): Promise<boolean> {
  await runProgram(['systemctl', 'stop', unit], { timeoutMs: 30_000 });
  const standing = await readStanding(unit);
  return standing.ok && standing.value.isEmpty && ['inactive', 'failed', ''].includes(standing.value.activeState);
}

/** Lets systemd forget an ended unit; refuses while anything of it runs. Answers with why it could not. */
export async function collectUnit(unit: string): Promise<Failure | undefined> {
  const standing = await readStanding(unit);
  if (!standing.ok) return standing.failure;
  if (!standing.value.isLoaded) return undefined;
  if (!standing.value.isEmpty)
    return { code: 'refused-busy', message: `${unit} still has processes`, retryable: true, evidence: '' };
  const verb = standing.value.activeState === 'failed' ? 'reset-failed' : 'stop';
  return failureOfProgram(
    await runProgram(['systemctl', verb, unit], { timeoutMs: systemctlTimeoutMs }),
    systemctlTimeoutMs,
  );
}
