// How long this site's own runs of a plan have taken, item by item, from their journals.
import type { RunSummaryDocument } from '../../shared/documents.ts';
import { type Expected, expectedFrom } from '../plans/expected.ts';
import type { PastRun, RunViews } from '../runs/run-views.ts';
import { itemState } from '../sequencer/state.ts';

/** More of them would tell of another year's machines. */
const runsMax = 10;

/** From the newest runs that succeeded; undefined where there is none, or none can be read: a guess is used then. */
export async function readExpected(
  views: Pick<RunViews, 'list' | 'past'>,
  cluster: string,
  plan: string,
): Promise<Expected | undefined> {
  const listed = await views.list(cluster);
  if (!listed.ok) return undefined;
  const isOne = (run: RunSummaryDocument): boolean =>
    run.cluster === cluster && run.plan === plan && run.status === 'succeeded';
  const read = await Promise.all(
    listed.value.runs
      .filter(isOne)
      .slice(0, runsMax)
      .map(({ id }) => views.past(id)),
  );
  const past = read.flatMap((one) => (one.ok ? [durationsOf(one.value)] : []));
  return past.length === 0 ? undefined : expectedFrom(past);
}

/** Of items that went through at once: what a person has waited over tells nothing. */
function durationsOf({ compiled, state }: PastRun): Record<string, number> {
  return Object.fromEntries(
    compiled.plan.items.flatMap((item) => {
      const { isDone, attempts, startedAtMs, endedAtMs } = itemState(state, item.id);
      const isPlain = isDone && attempts.length <= 1 && item.kind !== 'approval';
      if (!isPlain || startedAtMs === undefined || endedAtMs === undefined) return [];
      return [[item.id, Math.max(0, endedAtMs - startedAtMs)]];
    }),
  );
}
