// How a run comes to stand or to its end: what has to be read and journaled first, and in which words it says why. Pure.
import type { Failure } from '../../shared/failures.ts';
import type { CheckResult } from '../checks/check.ts';
import { checkSentence } from '../checks/evaluate.ts';
import type { Halt, RunFact } from '../journal/event.ts';
import type { PlanItem } from '../plans/plan.ts';
import type { Instruction, Situation } from './instruction.ts';
import { isBeingChanged } from './requirement.ts';
import { openAttempts, type RunState } from './state.ts';

type RunEnded = Extract<RunFact, { type: 'RunEnded' }>;

/** Reasons that end the run as failed, not halted, as long as nothing of the cluster was touched. */
const endsHarmless: readonly Halt['reason'][] = ['gate-failed', 'step-failed', 'postcondition-failed'];
const waitsForOperator: readonly Halt['reason'][] = ['approval', 'paused', 'window', 'step-unknown', 'restored-state'];

/** Halts for a person, or ends as failed when nothing of the cluster was touched yet. */
export function halt(situation: Situation, what: Omit<Halt, 'checks' | 'evidence'> & Partial<Halt>): Instruction {
  const { state } = situation;
  const isHarmless = state.direction === 'forward' && !isBeingChanged(situation);
  if (isHarmless && openAttempts(state).length === 0 && endsHarmless.includes(what.reason))
    return end(situation, 'failed', what.message);
  // Nobody is there to be asked, and waiting would keep the cluster from everybody. A pause is a person's word.
  if (isHarmless && state.started?.isUnattended && what.reason !== 'paused')
    return end(situation, 'failed', `${what.message}${leftBehind(state)}`);
  const status = waitsForOperator.includes(what.reason) ? 'awaiting-operator' : 'halted';
  const fact: RunFact = { type: 'RunHalted', halt: { checks: [], evidence: '', ...what }, status };
  return meteredFirst(situation, { kind: 'append', fact });
}

/** What is ended by whoever tells the nodes that the run is over. */
function leftBehind(state: RunState): string {
  const nodes = [...new Set(openAttempts(state).map(({ attempt }) => attempt.node))];
  return nodes.length === 0 ? '' : `. What of it still runs on ${nodes.join(', ')} is ended once its agent answers`;
}

/** Ends the run, saying whether failover is armed as it is read now. */
export function end(
  situation: Situation,
  status: RunEnded['status'],
  message: string,
  more: Pick<RunEnded, 'successor'> = {},
): Instruction {
  const { state, seen, nowMs, limits } = situation;
  const read = seen.failover;
  if (read === undefined || read.sequence < Math.max(state.effectSequence, state.eraSequence))
    return { kind: 'read-failover' };
  // Where something was changed, an observer's agent that is just being started anew is worth a moment.
  if (status !== 'failed' && read.is === 'unknown' && nowMs - read.firstAtMs < limits.unknownWithinMs) {
    const againAtMs = read.lastAtMs + limits.askAgainMs;
    return nowMs >= againAtMs ? { kind: 'read-failover' } : { kind: 'wait', untilMs: againAtMs };
  }
  return meteredFirst(situation, {
    kind: 'append',
    fact: { type: 'RunEnded', status, message, failoverArmed: read.is, ...more },
  });
}

function meteredFirst({ plan, state }: Situation, then: Instruction): Instruction {
  const isMetered = plan.items.some((item) => item.kind === 'step' && item.takesPortalDown);
  return isMetered && state.lastType !== 'PortalMetered' ? { kind: 'meter' } : then;
}

/** The findings that stop a run, one sentence each. */
export function complaints(results: CheckResult[]): string {
  const stopping = results.filter(({ verdict }) => verdict === 'fail' || verdict === 'unknown');
  return stopping.map(checkSentence).join('\n');
}

/** “Title: why”, of a failure of an agent. */
export function failureMessage(item: PlanItem, failure: Failure | undefined): string {
  return failure === undefined ? `${item.title}: failed without a reason` : `${item.title}: ${failure.message}`;
}
