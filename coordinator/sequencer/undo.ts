// The way back: what was started is undone in reverse order, each undo an attempt like any other. Pure.
import type { Step, Undo } from '../plans/plan.ts';
import { awaitOutcome, mayTryAgain, nextAttempt, settle, unknownEnd } from './attempt.ts';
import { wasBegun } from './begun.ts';
import { complaints, end, failureMessage, halt } from './ending.ts';
import { fencedByAbort } from './fenced.ts';
import { armingStep } from './in-force.ts';
import type { Instruction, Situation } from './instruction.ts';
import { standingOf } from './requirement.ts';
import { whatAbortLeaves } from './roll-back-offer.ts';
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

/** What comes next on the way back. */
export function decideUndo(situation: Situation): Instruction {
  const { plan, state } = situation;
  const steps = plan.items.filter((item): item is Step => item.kind === 'step');
  for (const step of steps) {
    const item = itemState(state, step.id);
    const attempt = latestAttempt(item, 'do');
    if (attempt === undefined || item.isDone || item.isUndone) continue;
    if (!isToSettle(attempt)) {
      const next = lookWhatItLeft(situation, step, attempt);
      if (next !== undefined) return next;
      continue;
    }
    // Aborted while it runs: its end is waited for. Aborted at a halt, or nobody knows: the agent must say that it is over.
    const isAwaited = item.intent === undefined && attempt.outcome === undefined;
    const next = isAwaited ? awaitOutcome(situation, step, attempt) : undefined;
    // What was never begun is not begun any more: it is settled instead.
    return next === undefined || next.kind === 'send' ? settle(situation, step, attempt) : next;
  }
  for (const step of steps.toReversed()) {
    const item = itemState(state, step.id);
    if (item.isUndone || !item.attempts.some(({ phase }) => phase === 'do')) continue;
    const undo = latestAttempt(item, 'undo');
    const isUnderWay = undo !== undefined && (isOpen(undo) || undo.outcome?.verdict === 'succeeded');
    if (!isUnderWay && state.isPauseRequested)
      return halt(situation, { item: step.id, reason: 'paused', message: `paused before the undo of: ${step.title}` });
    return decideItem(situation, step, item, undo);
  }
  return end(situation, 'aborted', abortMessage(situation, steps));
}

function abortMessage({ plan, state }: Situation, steps: Step[]): string {
  const kept = steps.filter(({ id, isHarmless }) => {
    const { attempts, isUndone, status } = itemState(state, id);
    const wasStarted = attempts.some((attempt) => attempt.phase === 'do' && mayHaveBegun(attempt));
    return wasStarted && isUndone && status !== 'undone' && !isHarmless;
  });
  const left = whatAbortLeaves(plan);
  if (left !== undefined && kept.length > 0)
    return `${plan.name} of cluster ${plan.cluster.cluster} was aborted half done, ${left.words}${fencedByAbort(plan, state)}. It had begun: ${kept.map(({ title }) => title).join('; ')}`;
  const aborted = `${plan.name} of cluster ${plan.cluster.cluster} was aborted; what it had started is undone`;
  return kept.length === 0
    ? aborted
    : `${aborted} except: ${kept.map(({ title }) => title).join('; ')}${fencedByAbort(plan, state)}`;
}

/**
 * Finishes a step that ended in the middle of an abort. Arming is looked at however it ended: once failover is armed,
 * nothing from before may be taken back.
 */
function lookWhatItLeft(situation: Situation, step: Step, attempt: AttemptState): Instruction | undefined {
  const isArming = step.action.kind === 'armFailover';
  if (!isArming && attempt.outcome?.verdict !== 'succeeded') return undefined;
  const ended = attempt.outcomeSequence ?? attempt.startedSequence;
  const standing = standingOf(situation, {
    item: step.id,
    of: 'then',
    checks: step.then,
    base: isArming ? Math.max(situation.state.eraSequence, ended) : ended,
    withinMs: step.thenWithinMs,
    everyMs: situation.limits.readEveryMs,
  });
  if (standing.is === 'open') return standing.next;
  if (standing.is === 'failed') return undefined;
  return { kind: 'append', fact: { type: 'ItemSucceeded', item: step.id, adopted: false } };
}

function decideItem(situation: Situation, step: Step, item: ItemState, undo: AttemptState | undefined): Instruction {
  const nothing = undo === undefined ? whyNothing(situation, step, item) : undefined;
  if (nothing !== undefined || 'noUndo' in step.undo)
    return {
      kind: 'append',
      fact: { type: 'ItemUndone', item: step.id, how: 'nothing-to-undo', note: nothing ?? '' },
    };
  if (undo === undefined) return prepareUndo(situation, step, step.undo, item);
  return decideAttempt(situation, step, step.undo, item, undo);
}

/** Why there is nothing to undo; undefined when there is. */
function whyNothing({ plan, state }: Situation, step: Step, item: ItemState): string | undefined {
  if ('noUndo' in step.undo) return step.undo.noUndo;
  if (!item.attempts.some(mayHaveBegun)) return 'it was refused and never started';
  const { onlyBefore } = step.undo;
  if (onlyBefore !== undefined && wasBegun(state, onlyBefore.step)) return onlyBefore.because;
  const arming = armingStep(plan, state);
  const isBefore = arming !== undefined && plan.items.indexOf(step) < plan.items.indexOf(arming);
  return isBefore ? 'failover has been armed since; taking this back would cause one' : undefined;
}

function decideAttempt(
  situation: Situation,
  step: Step,
  undo: Undo,
  item: ItemState,
  attempt: AttemptState,
): Instruction {
  if (isToSettle(attempt) && item.intent !== undefined) return settle(situation, step, attempt);
  if (isOpen(attempt)) {
    if (attempt.outcome === undefined) return guardedAgain(situation, step, undo, attempt);
    const standing = undo.then.length === 0 ? undefined : afterUndo(situation, step, undo, attempt);
    if (standing?.is === 'open') return standing.next;
    if (standing?.is === 'met') return undone(step);
    if (mayTryAgain(situation, item, attempt)) return settle(situation, step, attempt);
    return unknownEnd(situation, step, attempt, `nobody knows how it ended on ${attempt.node}`);
  }
  if (item.intent === 'adopt') return verifyUndo(situation, step, undo, attempt);
  if (attempt.isSettled && attempt.outcome?.verdict !== 'refused') {
    if (item.intent === 'retry' || mayTryAgain(situation, item, attempt))
      return prepareUndo(situation, step, undo, item);
    return unknownEnd(situation, step, attempt, `nobody knows how it ended on ${attempt.node}; nothing of it runs now`);
  }
  if (attempt.outcome?.verdict === 'succeeded') {
    const read = item.reads['undo-then'];
    const isSeenWrong = read?.passed === false && read.sequence > (attempt.outcomeSequence ?? 0);
    if (item.intent === 'retry' && isSeenWrong) return prepareUndo(situation, step, undo, item);
    return verifyUndo(situation, step, undo, attempt);
  }
  if (item.intent === 'retry') return prepareUndo(situation, step, undo, item);
  const failure = attempt.outcome?.failure;
  const message = `Undo of ${failureMessage(step, failure)}`;
  return halt(situation, { item: step.id, reason: 'undo-failed', message, evidence: failure?.evidence ?? '' });
}

/** Goes on with an undo without outcome: one that was not begun before a halt or a takeover is guarded anew. */
function guardedAgain(situation: Situation, step: Step, undo: Undo, attempt: AttemptState): Instruction {
  const next = awaitOutcome(situation, step, attempt);
  const isOfEarlierEra = attempt.startedSequence < situation.state.eraSequence;
  return next.kind === 'send' && isOfEarlierEra ? (obstacleOfUndo(situation, step, undo) ?? next) : next;
}

/** The suspension that an undo must find; its own undo is what ends it. */
function guardOfUndo(situation: Situation, step: Step): Instruction | undefined {
  return step.action.kind === 'suspendFailover' || hasTriedArming(situation) ? undefined : guardSuspension(situation);
}

function prepareUndo(situation: Situation, step: Step, undo: Undo, item: ItemState): Instruction {
  const ahead = obstacleOfUndo(situation, step, undo);
  return ahead ?? startStep(situation, step, 'undo', nextAttempt(item, 'undo'), undo.action, undo.timeoutMs);
}

/** All that must hold at the moment of an undo's start: the suspension, and its own conditions. */
function obstacleOfUndo(situation: Situation, step: Step, undo: Undo): Instruction | undefined {
  const { state, limits } = situation;
  const guard = guardOfUndo(situation, step);
  if (guard !== undefined) return guard;
  const before = standingOf(situation, {
    item: step.id,
    of: 'undo-before',
    checks: undo.before,
    base: Math.max(state.eraSequence, state.effectSequence),
    withinMs: Math.max(undo.thenWithinMs, limits.beforeWithinMs),
    everyMs: limits.readEveryMs,
  });
  if (before.is === 'open') return before.next;
  if (before.is === 'failed') {
    const checks = before.read.results;
    const message = `${undo.title} must not start: ${complaints(checks)}`;
    return halt(situation, { item: step.id, reason: 'undo-failed', message, checks });
  }
  return undefined;
}

/** Arming was begun and failed: it may have unmasked the observer, and the way back must not stop at that. */
function hasTriedArming({ plan, state }: Situation): boolean {
  return plan.items.some(
    (item) =>
      item.kind === 'step' &&
      item.action.kind === 'armFailover' &&
      itemState(state, item.id).attempts.some((attempt) => attempt.phase === 'do' && mayHaveBegun(attempt)),
  );
}

function verifyUndo(situation: Situation, step: Step, undo: Undo, attempt: AttemptState): Instruction {
  const standing = afterUndo(situation, step, undo, attempt);
  if (standing.is === 'open') return standing.next;
  if (standing.is === 'met') return undone(step);
  const checks = standing.read.results;
  const message = `${undo.title}: it ended, but did not leave things as they must be: ${complaints(checks)}`;
  return halt(situation, { item: step.id, reason: 'undo-failed', message, checks });
}

function afterUndo(situation: Situation, step: Step, undo: Undo, attempt: AttemptState) {
  const { state, limits } = situation;
  return standingOf(situation, {
    item: step.id,
    of: 'undo-then',
    checks: undo.then,
    base: Math.max(state.eraSequence, attempt.outcomeSequence ?? attempt.startedSequence),
    withinMs: undo.thenWithinMs,
    everyMs: limits.readEveryMs,
  });
}

const undone = (step: Step): Instruction => ({
  kind: 'append',
  fact: { type: 'ItemUndone', item: step.id, how: 'undone', note: '' },
});
