// Tells a node again which of the runs that it keeps are over: the word that is said at a run's end is lost where the node
// is away. It writes nothing.
import type { Result } from '../../shared/failures.ts';
import { ok } from '../../shared/failures.ts';
import type { Fleet } from '../fleet/fleet.ts';
import type { Journal } from '../journal/journal.ts';
import { fold } from '../sequencer/apply.ts';
import { openAttempts } from '../sequencer/state.ts';
import type { Refusals } from './refusals.ts';

export interface TellParts {
  journal: Journal;
  refusals: Refusals;
  fleet: Fleet;
}

/** Whether the nodes may forget a run: it has ended and nothing of it may still run, or people have closed it. */
export async function isOver({ journal, refusals }: TellParts, run: string): Promise<Result<boolean>> {
  const refusal = await refusals.get(run);
  if (!refusal.ok) return refusal;
  if (refusal.value !== undefined) return ok(refusal.value.closed !== undefined);
  const read = await journal.read(run);
  if (!read.ok) return read;
  if (!read.value.some(({ event }) => event.fact.type === 'RunEnded')) return ok(false);
  const state = fold(
    run,
    read.value.map(({ event }) => event),
  );
  return ok(openAttempts(state).length === 0);
}

/** Tells a node that has connected what is over of the runs that it holds open. */
export async function tellWhatIsOver(parts: TellParts, node: string): Promise<Result<void>> {
  const held = await parts.fleet.heldHeads();
  if (!held.ok) return held;
  for (const { run } of held.value.filter((head) => head.node === node && !head.isClosed)) {
    const over = await isOver(parts, run);
    if (over.ok && over.value) await parts.fleet.closeRun(node, run);
  }
  return ok(undefined);
}
