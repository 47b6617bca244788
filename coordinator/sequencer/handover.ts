// A run that is to be rolled back makes room for its successor: nothing of it may run any more, and nothing of it is undone
// here, since the successor's plan takes back what was started. Pure.
import type { Successor } from '../journal/event.ts';
import type { Step } from '../plans/plan.ts';
import { settle } from './attempt.ts';
import { end } from './ending.ts';
import type { Instruction, Situation } from './instruction.ts';
import { openAttempts } from './state.ts';

/** Settles every attempt that may still run, then ends the run in favour of its successor. */
export function decideHandover(situation: Situation, successor: Successor): Instruction {
  const { plan, state } = situation;
  for (const { item, attempt } of openAttempts(state)) {
    const step = plan.items.find((one): one is Step => one.kind === 'step' && one.id === item);
    if (step !== undefined) return settle(situation, step, attempt);
  }
  const message = `${plan.name} of cluster ${plan.cluster.cluster} is rolled back: ${successor.run} takes back what it had started and holds the cluster from now on, with failover as it is`;
  return end(situation, 'aborted', message, { successor: successor.run });
}
