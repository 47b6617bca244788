// What happened in a run, then what happens, until it leaves `running`: history and news from the journal, progress from
// the feed. Who reads slowly loses progress, never an event.
import type { WatchDocument } from '../../shared/documents.ts';
import { fail, type Result } from '../../shared/failures.ts';
import type { StoredEvent } from '../journal/chain.ts';
import type { Journal } from '../journal/journal.ts';
import type { Plan } from '../plans/plan.ts';
import { apply } from '../sequencer/apply.ts';
import { explain } from '../sequencer/explain.ts';
import { initialState, itemState, type RunState } from '../sequencer/state.ts';
import type { ProgressFeed } from './progress.ts';

/** Progress that waits for a slow reader; older ones are dropped. */
const progressMax = 32;

export interface WatchParts {
  run: string;
  plan: Plan;
  journal: Journal;
  progress: ProgressFeed;
  afterSequence: number;
  signal: AbortSignal;
}

/** The messages; gives the state in which the run was when it left `running`, or the failure that ended the view. */
export async function* watchEvents(parts: WatchParts): AsyncGenerator<WatchDocument, Result<RunState>> {
  const { run, plan, journal, afterSequence, signal } = parts;
  const events: StoredEvent[] = [];
  const progress: WatchDocument[] = [];
  let ring = (): void => undefined;
  const stopListening = parts.progress.listen(run, (document) => {
    progress.push(document);
    if (progress.length > progressMax) progress.shift();
    ring();
  });
  const onAbort = (): void => ring();
  signal.addEventListener('abort', onAbort);
  let stopFollowing = (): void => undefined;
  try {
    const history = await journal.read(run);
    if (!history.ok) return history;
    events.push(...history.value);
    const followed = await journal.follow(run, history.value.length, (stored) => {
      events.push(stored);
      ring();
    });
    if (!followed.ok) return followed;
    stopFollowing = followed.value;

    let state = initialState(run);
    const historyLength = history.value.length;
    for (;;) {
      const stored = events.shift();
      if (stored !== undefined) {
        const before = state;
        state = apply(state, stored.event);
        if (state.sequence > afterSequence) yield eventDocument(plan, before, state, stored);
        continue;
      }
      // Only once the whole history is told: a run that halted and was taken up again is watched to its next stop.
      if (state.sequence >= historyLength && state.status !== 'running') return { ok: true, value: state };
      if (signal.aborted) return fail('unreachable', 'the view was closed');
      const told = progress.shift();
      if (told !== undefined) {
        yield told;
        continue;
      }
      await new Promise<void>((resolve) => {
        ring = resolve;
        if (events.length > 0 || progress.length > 0 || signal.aborted) resolve();
      });
    }
  } finally {
    stopListening();
    stopFollowing();
    signal.removeEventListener('abort', onAbort);
  }
}

function eventDocument(plan: Plan, before: RunState, after: RunState, { event }: StoredEvent): WatchDocument {
  const { item, phase, node, sentence } = explain(plan, before, event.fact);
  return {
    schema: 1,
    sequence: event.sequence,
    at: new Date(event.atMs).toISOString(),
    event: {
      type: event.fact.type,
      item,
      phase,
      node,
      sentence,
      ...(item === '' ? {} : { status: itemState(after, item).status }),
    },
  };
}
