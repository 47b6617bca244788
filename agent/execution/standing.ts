// What the agent says of a key, and how a key is settled: a tombstone first, then everything of it is ended.

import { isJob } from '../../shared/actions/jobs/job.ts';
import type { Clock } from '../../shared/clock.ts';
import { type Key, unitOfKey } from '../../shared/key.ts';
import type { Log } from '../../shared/log.ts';
import type { Outcome } from '../../shared/outcome.ts';
import type { Head, Ledger } from '../ledger/ledger.ts';
import type { Units } from '../machine.ts';
import type { Executor } from './executor.ts';

export interface KeyStanding {
  status: 'absent' | 'running' | 'finished' | 'settled' | 'settling' | 'closed';
  outcome?: Outcome;
  counter?: number;
}

export interface StandingParts {
  units: Units;
  ledger: Ledger;
  executor: Executor;
  clock: Clock;
  log: Log;
}

const endsWithinMs = 15_000;

/** What the ledger says of a key. Also fences: the epoch is remembered before it is answered. */
export async function ask(key: Key, epoch: number, parts: StandingParts): Promise<KeyStanding> {
  parts.ledger.acceptEpoch(epoch);
  return await standingOf(key, parts);
}

/**
 * Writes the tombstone and ends whatever of the key runs: its transient unit also where the ledger has lost the key. A
 * coordinator of an older epoch settles nothing and only learns how things stand.
 */
export async function settle(
  key: Key,
  epoch: number,
  head: Head | undefined,
  parts: StandingParts,
): Promise<KeyStanding> {
  const { ledger, executor, clock, log, units } = parts;
  if (!ledger.acceptEpoch(epoch)) {
    log.warn('settling refused: its epoch is over', { epoch, highest: ledger.highestEpoch() });
    return await standingOf(key, parts);
  }
  // No key of a closed run starts any more, so it needs no tombstone; what it has left is ended all the same.
  if (!ledger.isClosed(key.run)) {
    if (head !== undefined) ledger.noteHead(key.run, head);
    ledger.settle(key, epoch, clock.nowMs());
  }

  const running = executor.running(key);
  running?.abort.abort();
  let isDone = running === undefined;
  void running?.done.then(() => {
    isDone = true;
  });
  const untilMs = clock.monotonicMs() + endsWithinMs;
  // More than once: a start that was on its way may come after the first look.
  do {
    const standing = await units.readStanding(unitOfKey(key));
    if (standing.ok && standing.value.isLoaded) await units.stopUnit(unitOfKey(key));
    if (!isDone) await clock.sleep(100);
  } while (!isDone && clock.monotonicMs() < untilMs);
  const standing = await standingOf(key, parts);
  const isOver = standing.status !== 'closed' || (isDone && (await nothingRuns(unitOfKey(key), units)));
  return isOver ? standing : { status: 'settling' };
}

async function standingOf(key: Key, { ledger, executor, units }: StandingParts): Promise<KeyStanding> {
  if (ledger.isClosed(key.run)) return { status: 'closed' };
  const attempt = ledger.attempt(key);
  if (attempt === undefined) return { status: 'absent' };
  const outcome = attempt.outcome === undefined ? {} : { outcome: attempt.outcome, counter: attempt.outcomeCounter };
  if (!attempt.isSettled) return { status: attempt.outcome === undefined ? 'running' : 'finished', ...outcome };
  const mayHaveUnit = attempt.action === undefined || isJob(attempt.action);
  const isOver = executor.running(key) === undefined && (!mayHaveUnit || (await nothingRuns(unitOfKey(key), units)));
  return { status: isOver ? 'settled' : 'settling', ...outcome };
}

/** Whether no process of a unit is left; when systemd does not answer, nobody can say so. */
async function nothingRuns(unit: string, units: Units): Promise<boolean> {
  const standing = await units.readStanding(unit);
  return standing.ok && standing.value.isEmpty && !['activating', 'deactivating'].includes(standing.value.activeState);
}
