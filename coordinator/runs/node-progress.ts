// Progress as a node's agent says it, as those see it who watch the run. A node speaks for its own attempts only. Pure.
import type { WatchDocument } from '../../shared/documents.ts';
import type { StepProgress } from '../fleet/fleet.ts';
import type { RunState } from '../sequencer/state.ts';

/** The document for who watches; undefined where the attempt is not there or is another node's. */
export function progressOf(
  state: RunState,
  node: string,
  { key, percent, line }: Pick<StepProgress, 'key' | 'percent' | 'line'>,
  nowMs: number,
): WatchDocument | undefined {
  const attempt = state.items[key.step]?.attempts.find(
    ({ phase, attempt }) => phase === key.phase && attempt === key.attempt,
  );
  if (attempt === undefined || attempt.node !== node) return undefined;
  const progress = { item: key.step, line, elapsedMs: nowMs - attempt.startedAtMs };
  return {
    schema: 1,
    sequence: state.sequence,
    at: new Date(nowMs).toISOString(),
    progress: percent === undefined ? progress : { ...progress, percent },
  };
}
