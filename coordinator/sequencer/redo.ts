// What a retry carries out again before its item: what the plan says, and what Baton had put on the node for it and is
// gone from there. Pure.
import { actionClasses } from '../../shared/actions/action.ts';
import type { Plan, Step } from '../plans/plan.ts';
import { stepsInForce } from './in-force.ts';
import { itemState, type RunState } from './state.ts';

/** Done steps that a retry of an item carries out again first. */
export function redoneBy(plan: Plan, state: RunState, id: string): string[] {
  const item = plan.items.find((one) => one.id === id);
  if (state.direction !== 'forward' || item?.kind !== 'step') return [];
  const named = itemState(state, id).isDone ? [] : (item.redo ?? []).filter((one) => itemState(state, one).isDone);
  return [...new Set([...putBackBy(plan, state, item).map((step) => step.id), ...named])];
}

/**
 * Done steps that put files of Baton's own on the item's node, from the first on whose file is gone as the halt has seen, and
 * that are about the same: without them the run could only be aborted.
 */
export function putBackBy(plan: Plan, state: RunState, item: Step): Step[] {
  const next = plan.items.findIndex(({ id }) => !itemState(state, id).isDone);
  const own = stepsInForce(plan, state, next).filter((step) => step.node === item.node && isOfBatonAlone(step));
  const failed = (state.halt?.checks ?? []).filter(({ verdict }) => verdict === 'fail').map(({ id }) => id);
  const isGone = (step: Step): boolean => step.then.some(({ check }) => failed.includes(check));
  const first = own.findIndex(isGone);
  const gone = own[first];
  return gone === undefined ? [] : own.slice(first).filter((step) => subjectOf(step) === subjectOf(gone));
}

/** What a step works on: an installer by its sum, a backup by its name. What is about something else is not in need. */
const subjectOf = ({ action }: Step): string =>
  'sha256' in action ? action.sha256 : 'backup' in action ? action.backup : action.kind;

/** Nothing of the cluster can have been lost with it, and doing it twice does no harm. */
const isOfBatonAlone = ({ isHarmless, action }: Step): boolean =>
  isHarmless && actionClasses[action.kind] === 'idempotent';
