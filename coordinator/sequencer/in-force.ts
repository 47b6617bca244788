// Which earlier conditions still bind a step: gates directly before it, postconditions that hold until later, and the
// failover suspension, which is looked at before every later step (I3, I7). Pure.
import type { Gate, Plan, Step } from '../plans/plan.ts';
import { itemState, type RunState } from './state.ts';

/** The gates since the last step before this item: their pass is what lets it start. */
export function gatesBefore(plan: Plan, index: number): Gate[] {
  const gates: Gate[] = [];
  for (let at = index - 1; at >= 0; at -= 1) {
    const item = plan.items[at];
    if (item === undefined || item.kind === 'step') break;
    if (item.kind === 'gate') gates.unshift(item);
  }
  return gates;
}

/** The gates on which a run's end rests: the verification behind the arming of failover, else those behind the last step. */
export function gatesOfEnd(plan: Plan): Gate[] {
  const armsAt = plan.items.findLastIndex((item) => item.kind === 'step' && item.action.kind === 'armFailover');
  if (armsAt < 0) return gatesBefore(plan, plan.items.length);
  return plan.items.slice(armsAt).filter((item) => item.kind === 'gate');
}

/** Steps done before this item whose postcondition holds until a later one. */
export function stepsInForce(plan: Plan, state: RunState, index: number): Step[] {
  return plan.items.slice(0, index).filter((item): item is Step => {
    if (item.kind !== 'step' || item.then.length === 0) return false;
    const { isDone, isUndone } = itemState(state, item.id);
    return isDone && !isUndone && !isReached(plan, item.until, index);
  });
}

/** The item that ends a postcondition is this one or lies before it. */
function isReached(plan: Plan, until: string, index: number): boolean {
  const end = plan.items.findIndex(({ id }) => id === until);
  return end >= 0 && end <= index;
}

/** The step that suspended failover, while that suspension is in force; undefined when there is none. */
export function suspensionInForce(plan: Plan, state: RunState): Step | undefined {
  const suspension = plan.items.find(
    (item): item is Step => item.kind === 'step' && item.action.kind === 'suspendFailover',
  );
  if (suspension === undefined) return undefined;
  const { isDone, isUndone } = itemState(state, suspension.id);
  return isDone && !isUndone && armingStep(plan, state) === undefined ? suspension : undefined;
}

/** The step that armed failover again and succeeded; undefined while none has. */
export function armingStep(plan: Plan, state: RunState): Step | undefined {
  return plan.items.find(
    (item): item is Step =>
      item.kind === 'step' && item.action.kind === 'armFailover' && itemState(state, item.id).isDone,
  );
}
