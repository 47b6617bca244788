// How a cluster passes from a run that is rolled back to the run that goes back: the plan is stored before the word, the
// word names the successor with all that its start needs, and the lock passes by one entry. Whoever finds the journal of
// the one, or the lock of the other, goes on from there.
import type { Clock } from '../../shared/clock.ts';
import { fail, ok, type Result } from '../../shared/failures.ts';
import { canonicalJson } from '../../shared/hash.ts';
import type { RunOpened } from '../journal/cluster-log.ts';
import type { Successor } from '../journal/event.ts';
import type { Journal } from '../journal/journal.ts';
import { isStanding, type RunState } from '../sequencer/state.ts';
import { beginRun, type OpeningParts, runIdOf, type StartRequest } from './opening.ts';
import { stateIn } from './state-in.ts';

/** How long one request waits for the successor; who asked asks again. */
const beganWithinMs = 45_000;
const lookEveryMs = 200;

/** Stores the plan of a run that is to go on from another one. */
export async function successorOf(
  { artefacts, journal }: Pick<OpeningParts, 'artefacts' | 'journal'>,
  { compiled, planHash, operator, requestId, change, reason, seen }: StartRequest & { seen?: number },
): Promise<Result<Successor>> {
  const { plan, hash } = compiled;
  if (planHash !== hash)
    return fail('conflict', 'the plan is another one by now than the one that was agreed to; look at it again');
  const run = runIdOf(plan.name, requestId);
  // Before the word: once it is said there is no way back from it. A run that was lost may have changed the cluster since.
  const known = await journal.read(run);
  if (!known.ok) return known;
  const { cluster } = plan.cluster;
  const lost = await journal.whyNotOpen(cluster);
  if (!lost.ok) return lost;
  if (lost.value !== undefined)
    return fail('restored-state', `cluster ${cluster} cannot be handed over: ${lost.value}`);
  const stored = await artefacts.put(canonicalJson(compiled));
  if (!stored.ok) return stored;
  const { name, parameters } = plan;
  const agreed = { planHash: hash, planArtefact: stored.value, parameters };
  return ok({ run, plan: name, ...agreed, operator, requestId, change, reason, ...(seen !== undefined && { seen }) });
}

/** Passes the cluster on and begins the successor; every part of it may be done twice. */
export async function openSuccessor(
  parts: OpeningParts,
  cluster: string,
  ended: RunState,
  successor: Successor,
): Promise<Result<string>> {
  const { clusterLog, clock, epoch } = parts;
  const { run, plan, operator } = successor;
  const atMs = clock.nowMs();
  const after = ended.run;
  const opened = await clusterLog.open(cluster, { type: 'RunOpened', run, plan, operator, epoch, atMs, after });
  if (!opened.ok) return opened;
  return await beginAfter(parts, cluster, after, successor);
}

/** Begins a run that was given its cluster by another one, whose journal says all that is needed. */
export async function beginHandedOver(
  parts: OpeningParts,
  cluster: string,
  opened: RunOpened & { after: string },
): Promise<Result<string>> {
  const before = await stateOf(parts.journal, opened.after);
  if (!before.ok) return before;
  const { successor, ended } = before.value;
  if (successor?.run !== opened.run || ended?.successor !== opened.run)
    return fail('damaged', `run ${opened.run} holds cluster ${cluster} after ${opened.after}, which does not name it`);
  return await beginAfter(parts, cluster, opened.after, successor);
}

function beginAfter(
  parts: OpeningParts,
  cluster: string,
  after: string,
  { run, seen: _, ...started }: Successor,
): Promise<Result<string>> {
  return beginRun(parts, run, { type: 'RunStarted', cluster, ...started, after });
}

/** Waits until the successor has begun; fails with what halted the run before it instead. */
export async function untilBegun(
  { journal, clock }: { journal: Journal; clock: Clock },
  of: string,
  successor: { run: string },
): Promise<Result<string>> {
  const deadlineMs = clock.monotonicMs() + beganWithinMs;
  for (;;) {
    const begun = await journal.read(successor.run);
    if (!begun.ok) return begun;
    if (begun.value.length > 0) return ok(successor.run);
    const before = await stateOf(journal, of);
    if (!before.ok) return before;
    const { halt } = before.value;
    if (isStanding(before.value))
      return fail('not-in-state', `run ${of} could not be handed over and stands again: ${halt?.message ?? ''}`);
    if (clock.monotonicMs() >= deadlineMs)
      return fail('timeout', `run ${of} is not handed over yet; see baton run show ${of}`, { retryable: true });
    await clock.sleep(lookEveryMs);
  }
}

async function stateOf(journal: Journal, run: string): Promise<Result<RunState>> {
  const read = await journal.read(run);
  if (!read.ok) return read;
  return ok(stateIn(run, read.value));
}
