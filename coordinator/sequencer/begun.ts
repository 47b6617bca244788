// What of a plan has really been begun, as a run's folded journal tells: what a rollback has to take back. Pure.
import type { Plan, Step } from '../plans/plan.ts';
import { itemState, mayHaveBegun, type RunState } from './state.ts';

/** The steps of which an agent may have carried something out, in the plan's order. */
export function stepsBegun(plan: Plan, state: RunState): Step[] {
  return plan.items.filter((item): item is Step => {
    return item.kind === 'step' && wasBegun(state, item.id);
  });
}

/** An agent may have carried something of this step out. */
export function wasBegun(state: RunState, id: string): boolean {
  return itemState(state, id).attempts.some((attempt) => attempt.phase === 'do' && mayHaveBegun(attempt));
}
