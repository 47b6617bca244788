// The way ahead: gates, approvals and steps in the plan's order. Pure.
import { actionClasses } from '../../shared/actions/action.ts';
import { asGuard } from '../checks/failover-suspended.ts';
import type { Approval, Gate, Step } from '../plans/plan.ts';
import { awaitOutcome, mayTryAgain, nextAttempt, settle, unknownEnd } from './attempt.ts';
import { complaints, end, failureMessage, halt } from './ending.ts';
import { gatesBefore, gatesOfEnd, stepsInForce, suspensionInForce } from './in-force.ts';
import type { Instruction, Situation } from './instruction.ts';
import { standingOf } from './requirement.ts';
import { guardSuspension, startStep } from './start.ts';
import {
  type AttemptState,
  type ItemState,
  isOpen,
  isToSettle,
  itemState,
  latestAttempt,
  mayHaveBegun,
} from './state.ts';
import { heldByWindow } from './window-hold.ts';

/** What comes next on the way ahead. */
export function decideForward(situation: Situation): Instruction {
  const { plan, state } = situation;
  const unsettled = decidedButOpen(situation);
  if (unsettled !== undefined) return unsettled;
  for (const [index, item] of plan.items.entries()) {
    const standing = itemState(state, item.id);
    if (standing.isDone) continue;
    if (!isUnderWay(standing)) {
      if (state.contradiction !== undefined)
        return halt(situation, { ...state.contradiction, reason: 'evidence-contradicts' });
      if (state.isPauseRequested)
        return halt(situation, { item: item.id, reason: 'paused', message: `paused before: ${item.title}` });
    }
    switch (item.kind) {
      case 'gate':
        return whyGone(situation, index) ?? decideGate(situation, item);
      case 'approval':
        return decideApproval(situation, item);
      case 'step':
        return decideStep(situation, item, index);
    }
  }
  const ahead = obstacleToEnd(situation);
  if (ahead !== undefined) return ahead;
  const status = plan.name === 'rollback' ? 'rolled-back' : 'succeeded';
  return end(situation, status, `${plan.name} of cluster ${plan.cluster.cluster} is done and verified`);
}

/** What holds to the end is looked at after the last change; what was verified counts for nothing after a takeover or a word. */
function obstacleToEnd(situation: Situation): Instruction | undefined {
  const { plan, state } = situation;
  const base = Math.max(state.eraSequence, state.effectSequence);
  const gone = whyNotInForce(situation, plan.items.length, () => true, base);
  return gone ?? whyClosed(situation, gatesOfEnd(plan));
}

/** An attempt runs, or what it left is still to be looked at. */
function isUnderWay(item: ItemState): boolean {
  const attempt = latestAttempt(item, 'do');
  return (
    attempt !== undefined && !isToRedo(item, attempt) && (isOpen(attempt) || attempt.outcome?.verdict === 'succeeded')
  );
}

const isToRedo = (item: ItemState, attempt: AttemptState): boolean =>
  attempt.startedSequence < (item.redoSequence ?? 0);

/** An operator has decided on an attempt that may still run or start: that is over before anything else starts. */
function decidedButOpen(situation: Situation): Instruction | undefined {
  const { plan, state } = situation;
  for (const step of plan.items) {
    if (step.kind !== 'step') continue;
    const item = itemState(state, step.id);
    const attempt = latestAttempt(item, 'do');
    if (attempt !== undefined && isToSettle(attempt) && item.intent !== undefined)
      return settle(situation, step, attempt);
  }
  return undefined;
}

function decideGate(situation: Situation, gate: Gate): Instruction {
  const standing = standingOf(situation, { ...ofGate(gate), base: situation.state.eraSequence });
  switch (standing.is) {
    case 'open':
      return standing.next;
    case 'failed':
      return gateFailed(situation, gate, standing.read.results);
    case 'met':
      // Without checks there is nothing to wait for; the journal says so once.
      return { kind: 'append', fact: { type: 'ChecksRead', item: gate.id, of: 'gate', passed: true, results: [] } };
  }
}

function ofGate(gate: Gate) {
  const { id: item, checks, withinMs, everyMs, holdsForMs, steadyForMs } = gate;
  const steady = steadyForMs === undefined ? {} : { steadyForMs };
  return { item, of: 'gate' as const, checks, withinMs, everyMs, holdsForMs, ...steady };
}

function gateFailed(situation: Situation, gate: Gate, checks: Parameters<typeof complaints>[0]): Instruction {
  const message = `${gate.title}: ${complaints(checks)}`;
  return halt(situation, { item: gate.id, reason: 'gate-failed', message, checks });
}

function decideApproval(situation: Situation, approval: Approval): Instruction {
  const { id: item, title, question } = approval;
  if (itemState(situation.state, item).isRejected)
    return halt(situation, { item, reason: 'rejected', message: `${title}: rejected` });
  return halt(situation, { item, reason: 'approval', message: question });
}

function decideStep(situation: Situation, step: Step, index: number): Instruction {
  const item = itemState(situation.state, step.id);
  const attempt = latestAttempt(item, 'do');
  if (attempt === undefined) return heldByWindow(situation, step, index) ?? prepare(situation, step, index, item);
  if (isToRedo(item, attempt))
    return isToSettle(attempt) ? settle(situation, step, attempt) : prepare(situation, step, index, item);
  if (isOpen(attempt))
    return attempt.outcome === undefined
      ? lookedAtAgain(situation, step, index, attempt)
      : lookAtUnknown(situation, step, item, attempt);
  if (attempt.isSettled && attempt.outcome?.verdict !== 'refused') {
    if (item.intent === 'adopt') return verify(situation, step, attempt, true);
    if (item.intent === 'retry' || mayTryAgain(situation, item, attempt)) return prepare(situation, step, index, item);
    return unknownEnd(situation, step, attempt, `nobody knows how it ended on ${attempt.node}; nothing of it runs now`);
  }
  if (attempt.outcome?.verdict === 'succeeded') {
    // Done over again only when what it left was seen to be wrong; an outcome that came during a halt is verified first.
    const isSeenWrong = item.reads.then?.passed === false && item.reads.then.sequence > (attempt.outcomeSequence ?? 0);
    if (item.intent === 'retry' && isSeenWrong) return prepare(situation, step, index, item);
    return verify(situation, step, attempt, item.intent === 'adopt');
  }
  if (item.intent === 'retry') return prepare(situation, step, index, item);
  if (item.intent === 'adopt') return verify(situation, step, attempt, true);
  const failure = attempt.outcome?.failure;
  const message = failureMessage(step, failure);
  return halt(situation, { item: step.id, reason: 'step-failed', message, evidence: failure?.evidence ?? '' });
}

/**
 * Goes on with an attempt without outcome. A command that was not begun before a halt or a takeover goes out again only
 * after another look: failover may have been armed while nobody led or the run stood.
 */
function lookedAtAgain(situation: Situation, step: Step, index: number, attempt: AttemptState): Instruction {
  const next = awaitOutcome(situation, step, attempt);
  const isOfEarlierEra = attempt.startedSequence < situation.state.eraSequence;
  if (next.kind !== 'send' || !isOfEarlierEra) return next;
  return obstacle(situation, step, index) ?? ownObstacle(situation, step) ?? next;
}

/** All that must hold at the moment of the start: what is around the step, and its own conditions. */
function prepare(situation: Situation, step: Step, index: number, item: ItemState): Instruction {
  const ahead = obstacle(situation, step, index) ?? ownObstacle(situation, step);
  return ahead ?? startStep(situation, step, 'do', nextAttempt(item, 'do'), step.action, step.timeoutMs);
}

/** What has to be read, or does not hold, of a step's own conditions. */
function ownObstacle(situation: Situation, step: Step): Instruction | undefined {
  const { state, limits } = situation;
  const before = standingOf(situation, {
    item: step.id,
    of: 'before',
    checks: step.before,
    base: Math.max(state.eraSequence, state.effectSequence),
    withinMs: limits.beforeWithinMs,
    everyMs: limits.readEveryMs,
  });
  if (before.is === 'open') return before.next;
  if (before.is === 'failed') {
    const checks = before.read.results;
    const message = `${step.title} must not start: ${complaints(checks)}${mayBeDone(situation, step)}`;
    return halt(situation, { item: step.id, reason: 'gate-failed', message, checks });
  }
  return undefined;
}

/** A script that failed after it had done its work leaves nothing to carry out again. */
function mayBeDone({ state }: Situation, { id, action }: Step): string {
  const attempt = latestAttempt(itemState(state, id), 'do');
  if (attempt === undefined || !mayHaveBegun(attempt) || actionClasses[action.kind] !== 'once') return '';
  return `\nAttempt ${attempt.attempt} was begun: if it has done its work although it failed, the way on is baton run adopt ${state.run}, not retry`;
}

/** What has to be read, or does not hold, of what is around a step: what is in force, gates, the suspension last. */
function obstacle(situation: Situation, step: Step, index: number): Instruction | undefined {
  const gates = gatesBefore(situation.plan, index);
  if (step.action.kind === 'armFailover') return whyNotInForce(situation, index) ?? whyClosed(situation, gates);
  return whyGone(situation, index) ?? whyClosed(situation, gates) ?? guardSuspension(situation);
}

/** Of gates: what has to be read since the era began, or does not pass. */
function whyClosed(situation: Situation, gates: Gate[]): Instruction | undefined {
  for (const gate of gates) {
    const standing = standingOf(situation, { ...ofGate(gate), base: situation.state.eraSequence });
    if (standing.is === 'open') return standing.next;
    if (standing.is === 'failed') return gateFailed(situation, gate, standing.read.results);
  }
  return undefined;
}

/**
 * What earlier steps have left, looked at before any gate, which may wait for an hour for what cannot come once something
 * behind it is gone. Not the suspension: that is looked at when the waiting is over.
 */
function whyGone(situation: Situation, index: number): Instruction | undefined {
  const suspension = suspensionInForce(situation.plan, situation.state);
  return whyNotInForce(situation, index, ({ id }) => id !== suspension?.id);
}

/** Of the steps done before an item: what has to be read since an event, or no longer holds. */
function whyNotInForce(
  situation: Situation,
  index: number,
  isMeant: (step: Step) => boolean = () => true,
  base = situation.state.eraSequence,
): Instruction | undefined {
  for (const earlier of stepsInForce(situation.plan, situation.state, index).filter(isMeant)) {
    const standing = stillHolds(situation, earlier, base);
    if (standing.is === 'open') return standing.next;
    if (standing.is === 'failed') return noLongerHolds(situation, earlier, standing.read.results);
  }
  return undefined;
}

/** The postcondition of a step that is done, read after an event. */
function stillHolds(situation: Situation, earlier: Step, base: number) {
  const { beforeWithinMs: withinMs, readEveryMs: everyMs } = situation.limits;
  return standingOf(situation, {
    item: earlier.id,
    of: 'then',
    checks: asGuard(earlier.then),
    base,
    withinMs,
    everyMs,
  });
}

function noLongerHolds(situation: Situation, earlier: Step, checks: Parameters<typeof complaints>[0]): Instruction {
  const message = `${earlier.title} no longer holds: ${complaints(checks)}`;
  return halt(situation, { item: earlier.id, reason: 'postcondition-failed', message, checks });
}

/** The agent does not know how it ended: what it left may tell. */
function lookAtUnknown(situation: Situation, step: Step, item: ItemState, attempt: AttemptState): Instruction {
  // After a first installer that failed late, the new version being there proves nothing of the second one.
  const isFirst = actionClasses[attempt.action.kind] !== 'once' || nextAttempt(item, 'do') === 2;
  const isProof = isFirst && step.thenMayHoldBefore !== true;
  if (isProof && step.then.length > 0) {
    const standing = postcondition(situation, step, attempt);
    if (standing.is === 'open') return standing.next;
    if (standing.is === 'met')
      return { kind: 'append', fact: { type: 'ItemSucceeded', item: step.id, adopted: false } };
  }
  if (mayTryAgain(situation, item, attempt)) return settle(situation, step, attempt);
  const why = `nobody knows how it ended on ${attempt.node}, and what it should have left is not there`;
  return unknownEnd(situation, step, attempt, why);
}

function verify(situation: Situation, step: Step, attempt: AttemptState, adopted: boolean): Instruction {
  const standing = postcondition(situation, step, attempt);
  if (standing.is === 'open') return standing.next;
  if (standing.is === 'met') return { kind: 'append', fact: { type: 'ItemSucceeded', item: step.id, adopted } };
  const checks = standing.read.results;
  const message = `${step.title}: it ended, but did not leave things as they must be: ${complaints(checks)}`;
  return halt(situation, { item: step.id, reason: 'postcondition-failed', message, checks });
}

function postcondition(situation: Situation, step: Step, attempt: AttemptState) {
  return standingOf(situation, {
    item: step.id,
    of: 'then',
    checks: step.then,
    base: Math.max(situation.state.eraSequence, attempt.outcomeSequence ?? attempt.startedSequence),
    withinMs: step.thenWithinMs,
    everyMs: situation.limits.readEveryMs,
  });
}
