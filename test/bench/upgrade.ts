// What Baton adds to an upgrade beside what the guide asks for: the time that no installer, no service, no quiet period, no
// backup and no synchronization takes; how much longer than the installer the portal is down; and how long it takes from
// sending a step until its outcome is journaled, beside what the action itself took. From the journals of whole upgrades.
import assert from 'node:assert/strict';
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunEvent } from '../../coordinator/journal/event.ts';
import type { ExportLineDocument, RunDocument } from '../../shared/documents.ts';
import { baton, setInstaller } from '../lab/lab.ts';
import { runEnds, startAfresh, startUpgrade } from '../lab/scenario.ts';
import type { Limited } from './limits.ts';

const installerSeconds = 6;
const limits = { overheadMs: 10_000, outageMs: 3_000, journaledMs: 5 };

/** Which items the guide itself takes its time for; what is none of these is Baton's. */
const kinds: [string, RegExp][] = [
  ['installer', /\.install$/],
  ['services', /(?:stop|start)-services|^(?:suspend|arm)-failover$/],
  ['quiet period', /^observer-quiet$/],
  ['synchronization', /still-stopped|^verify\.(?:rows|files|create-ticket|remove-ticket|write-file|remove-file)$/],
  ['backups', /^backup\.|^master\.note-database$/],
];
const kindOf = (item: string): string => kinds.find(([, pattern]) => pattern.test(item))?.[0] ?? 'Baton';

async function eventsOf(run: string): Promise<RunEvent[]> {
  const { stdout, exitCode } = await baton('run', 'export', run);
  assert.equal(exitCode, 0);
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .flatMap((line) => {
      const { event } = JSON.parse(line) as ExportLineDocument;
      return event === undefined ? [] : [JSON.parse(event) as RunEvent];
    });
}

/** Time by kind: of each item, from the end of the one before to its own last event. */
function spentIn(events: RunEvent[]): Map<string, number> {
  const spent = new Map<string, number>();
  for (const [index, event] of events.entries()) {
    const before = events[index - 1];
    const kind = 'item' in event.fact ? kindOf(event.fact.item) : 'Baton';
    if (before !== undefined) spent.set(kind, (spent.get(kind) ?? 0) + event.atMs - before.atMs);
  }
  return spent;
}

/** Of each step, what is left of the time from its intent to its outcome without the action's own. */
function journaledIn(events: RunEvent[]): number[] {
  const startedAt = new Map<string, number>();
  const took: number[] = [];
  for (const { fact, atMs } of events) {
    if (fact.type === 'StepStarted') startedAt.set(fact.item, atMs);
    if (fact.type !== 'OutcomeRecorded' || fact.outcome.verdict !== 'succeeded') continue;
    took.push(atMs - (startedAt.get(fact.item) ?? Number.NaN) - fact.outcome.elapsedMs);
  }
  return took;
}

/** A step waits for syncs one after the other: of the journal for its intent, of the ledger for its start and its outcome. */
const syncsPerStep = 3;

/** What a write of an event's size takes until it is on this machine's disk. */
function syncs(): number[] {
  const folder = mkdtempSync(join(tmpdir(), 'baton-bench-sync-'));
  try {
    const file = openSync(join(folder, 'file'), 'w');
    const tookMs = Array.from({ length: 50 }, () => {
      writeSync(file, 'x'.repeat(500));
      const fromMs = performance.now();
      fdatasyncSync(file);
      return performance.now() - fromMs;
    });
    closeSync(file);
    return tookMs;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export async function measureUpgrade(rounds: number): Promise<Limited[]> {
  const kindNames = [...kinds.map(([name]) => name), 'Baton'];
  const byKind = new Map(kindNames.map((name) => [name, [] as number[]]));
  const outages: number[] = [];
  const journaled: number[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    await startAfresh();
    await setInstaller(['n1', 'n2'], { DURATION_S: installerSeconds });
    const run: RunDocument = await runEnds(await startUpgrade(), 600_000);
    assert.equal(run.status, 'succeeded', run.message);
    const events = await eventsOf(run.id);
    const spent = spentIn(events);
    for (const [kind, tookMs] of byKind) tookMs.push(spent.get(kind) ?? 0);
    const installerMs = run.steps.find(({ id }) => id === 'master.install')?.elapsedMs ?? Number.NaN;
    outages.push((run.portal?.downMs ?? Number.NaN) - installerMs);
    journaled.push(...journaledIn(events));
    process.stderr.write(`upgrade, round ${round}: ${JSON.stringify(Object.fromEntries(spent))}\n`);
  }
  return [
    ...kindNames.slice(0, -1).map((name) => ({ what: `upgrade: ${name}`, tookMs: byKind.get(name) ?? [] })),
    { what: 'upgrade: overhead beside these', tookMs: byKind.get('Baton') ?? [], limitMs: limits.overheadMs },
    { what: 'portal’s outage beyond the installer', tookMs: outages, limitMs: limits.outageMs },
    { what: 'a step sent to journaled, beside its action', tookMs: journaled, limitMs: limits.journaledMs },
    { what: `of it, ${syncsPerStep} syncs of this disk`, tookMs: syncs().map((ms) => ms * syncsPerStep) },
  ];
}
