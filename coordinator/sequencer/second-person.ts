// Whether an approval has to come from somebody else than who started the run, as the cluster file may ask. Pure.
import type { Decision } from '../journal/event.ts';
import type { Plan } from '../plans/plan.ts';
import type { RunState } from './state.ts';

const approvals: readonly Decision[] = ['approve', 'reject'];

/** Why this person may not decide so; undefined where he may. */
export function whyNotBy(plan: Plan, state: RunState, decision: Decision, operator: string): string | undefined {
  const starter = state.started?.operator;
  if (plan.cluster.approvals?.byAnother !== true || !approvals.includes(decision) || operator !== starter)
    return undefined;
  return `run ${state.run} was started by ${starter}: the cluster file (approvals.byAnother) asks for another person’s ${decision}; nothing was decided`;
}

/** The same in words, for who reads what can be done; empty where anybody may. */
export const byWhom = (plan: Plan, state: RunState): string =>
  plan.cluster.approvals?.byAnother === true ? `; by another person than ${state.started?.operator ?? ''}` : '';
