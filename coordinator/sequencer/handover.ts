// A run that is to be rolled back makes room for its successor: nothing of it may run any more, and nothing of it is undone
// here, since the successor's plan takes back what was started. Pure.
import type { Successor } from '../journal/event.ts';
import { settle } from './attempt.ts';
import { end, halt } from './ending.ts';
import type { Instruction, Situation } from './instruction.ts';
import { isToSettle, itemState } from './state.ts';

/**
 * Settles every attempt that may still run or start, then ends the run in favour of its successor; halts instead where one
 * turns out to have begun that the successor's plan does not know of.
 */
export function decideHandover(situation: Situation, successor: Successor): Instruction {
  const { plan, state } = situation;
  for (const step of plan.items) {
    // What was refused may still be on its way: the same command must not start once the successor works on the cluster.
    const attempt = itemState(state, step.id).attempts.find(isToSettle);
    if (step.kind === 'step' && attempt !== undefined) return settle(situation, step, attempt);
  }
  if (state.contradiction !== undefined)
    return halt(situation, { ...state.contradiction, reason: 'evidence-contradicts' });
  const goesOn =
    successor.plan === 'recover'
      ? `ended for a recovery: ${successor.run} starts from what is there`
      : `rolled back: ${successor.run} takes back what it had started`;
  const message = `${plan.name} of cluster ${plan.cluster.cluster} is ${goesOn} and holds the cluster from now on, with failover as it is`;
  return end(situation, 'aborted', message, { successor: successor.run });
}
