// Tells a node that a run is over, at its end and again when the node is back: the word is lost where it is away. Of a run
// that ended without knowing what still runs, that is ended first. It writes nothing.
import type { Result } from '../../shared/failures.ts';
import { ok } from '../../shared/failures.ts';
import type { Fleet } from '../fleet/fleet.ts';
import { headOf } from '../journal/chain.ts';
import type { Journal } from '../journal/journal.ts';
import { openAttempts, type RunState } from '../sequencer/state.ts';
import type { Refusals } from './refusals.ts';
import { stateIn } from './state-in.ts';

export interface TellParts {
  journal: Journal;
  refusals: Refusals;
  fleet: Fleet;
  epoch: number;
}

/** Tells a node that has connected what is over of the runs that it holds open. */
export async function tellWhatIsOver(parts: TellParts, node: string): Promise<Result<void>> {
  const held = await parts.fleet.heldHeads();
  if (!held.ok) return held;
  for (const { run } of held.value.filter((head) => head.node === node && !head.isClosed))
    await tellOver(parts, node, run);
  return ok(undefined);
}

/** Lets a node forget a run, if it has ended and nothing of it may still run there, or people have closed it. */
export async function tellOver(parts: TellParts, node: string, run: string): Promise<void> {
  const { journal, refusals, fleet } = parts;
  const refusal = await refusals.get(run);
  if (!refusal.ok) return;
  if (refusal.value !== undefined) {
    if (refusal.value.closed !== undefined) await fleet.closeRun(node, run);
    return;
  }
  const read = await journal.read(run);
  if (!read.ok || !read.value.some(({ event }) => event.fact.type === 'RunEnded')) return;
  await tellEnded(parts, node, stateIn(run, read.value));
}

/** The same of a run that has ended so. */
export async function tellEnded(parts: TellParts, node: string, state: RunState): Promise<void> {
  const open = openAttempts(state);
  if (open.length > 0 && !(state.status === 'failed' && (await endWhatIsLeft(parts, node, state)))) return;
  await parts.fleet.closeRun(node, state.run);
}

/** Of a run that changed nothing of the cluster: has the node end its open attempts; whether nothing of them runs then. */
async function endWhatIsLeft({ journal, fleet, epoch }: TellParts, node: string, state: RunState): Promise<boolean> {
  const read = await journal.read(state.run);
  if (!read.ok) return false;
  for (const { item, attempt } of openAttempts(state)) {
    if (attempt.node !== node) continue;
    const key = { run: state.run, step: item, phase: attempt.phase, attempt: attempt.attempt };
    const settled = await fleet.settle(node, key, epoch, headOf(read.value));
    if (!settled.ok || !['settled', 'finished', 'closed'].includes(settled.value.status)) return false;
  }
  return true;
}
