// The life of one attempt between its intent and its end: sent, awaited, asked after, settled. Pure. An attempt whose
// end nobody knows is never started again under a new key before its agent has said that nothing of it runs.
import { actionClasses } from '../../shared/actions/action.ts';
import { canonicalJson } from '../../shared/hash.ts';
import type { Key, Phase } from '../../shared/key.ts';
import { formatDuration } from '../../shared/units.ts';
import type { Step } from '../plans/plan.ts';
import { halt } from './ending.ts';
import type { Instruction, Situation } from './instruction.ts';
import { attemptSeen } from './seen.ts';
import type { AttemptState, ItemState } from './state.ts';

export function keyOf(run: string, item: string, attempt: AttemptState): Key {
  return { run, step: item, phase: attempt.phase, attempt: attempt.attempt };
}

/** What to do about an attempt that has no outcome yet. */
export function awaitOutcome(situation: Situation, step: Step, attempt: AttemptState): Instruction {
  const { state, seen, nowMs, limits } = situation;
  const key = keyOf(state.run, step.id, attempt);
  const known = attemptSeen(seen, key);
  const { phase, attempt: number } = attempt;

  if (known.outcome === undefined && known.fenced !== undefined) {
    // A newer leader ends this one's work within that time; where none does, this one was restored.
    const untilMs = known.fenced.atMs + limits.deposedWithinMs;
    if (known.fenced.failure.code !== 'refused-old-epoch')
      return putBack(situation, step, known.fenced.failure.message);
    return nowMs < untilMs ? { kind: 'wait', untilMs } : outlived(situation, step, attempt);
  }
  if (known.outcome !== undefined) {
    const code = known.outcome.verdict === 'refused' ? known.outcome.failure?.code : undefined;
    const isBusy = code === 'refused-busy' && nowMs - (known.busySinceMs ?? nowMs) < limits.busyWithinMs;
    if (!isBusy) {
      const fact = { item: step.id, phase, attempt: number, outcome: known.outcome, late: false };
      return { kind: 'append', fact: { type: 'OutcomeRecorded', ...fact } };
    }
    const isAnsweredSince = (known.busyAtMs ?? 0) >= (known.sentAtMs ?? 0);
    if (isAnsweredSince) {
      const againAtMs = (known.busyAtMs ?? nowMs) + limits.busyEveryMs;
      return nowMs >= againAtMs ? { kind: 'send', key, attempt } : { kind: 'wait', untilMs: againAtMs };
    }
  }
  if (known.standing === 'settled')
    return { kind: 'append', fact: { type: 'AttemptSettled', item: step.id, phase, attempt: number } };
  if (known.standing === 'closed')
    return putBack(
      situation,
      step,
      `${attempt.node} says that run ${state.run} is closed, the journal does not; one of them was restored from an older copy`,
    );
  if (known.standing === 'absent')
    return known.wasThere === true
      ? putBack(
          situation,
          step,
          `${attempt.node} no longer knows an attempt that it had begun; its machine was restored from an older copy`,
        )
      : { kind: 'send', key, attempt };
  if (known.sentAtMs === undefined && known.askedAtMs === undefined)
    return known.isOwn === true ? { kind: 'send', key, attempt } : { kind: 'ask', key, node: attempt.node };

  const sentAtMs = known.sentAtMs ?? known.silentSinceMs ?? nowMs;
  const deadlineMs = sentAtMs + attempt.timeoutMs + limits.graceMs;
  const silentUntilMs = (known.silentSinceMs ?? Number.POSITIVE_INFINITY) + limits.unansweredWithinMs;
  const giveUpAtMs = Math.min(silentUntilMs, deadlineMs + limits.unansweredWithinMs);
  if (nowMs >= giveUpAtMs) return giveUp(situation, step, attempt);
  const everyMs = known.silentSinceMs === undefined ? limits.askEveryMs : limits.askAgainMs;
  const askAtMs = (known.askedAtMs ?? sentAtMs) + everyMs;
  if (nowMs >= askAtMs) return { kind: 'ask', key, node: attempt.node };
  return { kind: 'wait', untilMs: Math.min(askAtMs, giveUpAtMs) };
}

function putBack(situation: Situation, step: Step, why: string): Instruction {
  return halt(situation, { item: step.id, reason: 'restored-state', message: `${step.title}: ${why}` });
}

function outlived(situation: Situation, step: Step, attempt: AttemptState): Instruction {
  const { epoch } = situation.state;
  return putBack(
    situation,
    step,
    `${attempt.node} has obeyed a newer coordinator than this one (epoch ${epoch}), and no newer one is at work; this one was restored from an older copy. Make sure that no other coordinator runs, then restart this one`,
  );
}

function giveUp(situation: Situation, step: Step, attempt: AttemptState): Instruction {
  const known = attemptSeen(situation.seen, keyOf(situation.state.run, step.id, attempt));
  const why =
    known.silentSinceMs === undefined
      ? `still runs after its limit of ${formatDuration(attempt.timeoutMs)}`
      : `has not answered for ${formatDuration(situation.nowMs - known.silentSinceMs)}`;
  return unknownEnd(situation, step, attempt, `${attempt.node} ${why}; nobody knows how it ends`);
}

/** Halts because nobody knows how an attempt ended. */
export function unknownEnd(situation: Situation, step: Step, attempt: AttemptState, why: string): Instruction {
  const failure =
    attempt.outcome?.failure ?? attemptSeen(situation.seen, keyOf(situation.state.run, step.id, attempt)).lastFailure;
  const what = {
    item: step.id,
    message: `${attempt.phase === 'undo' ? 'Undo of ' : ''}${step.title}: ${why}`,
    evidence: [failure?.message, failure?.evidence].filter(Boolean).join('\n'),
  };
  return halt(situation, { ...what, reason: 'step-unknown' });
}

/** Has the agent write a tombstone for an attempt and say that nothing of it runs. */
export function settle(situation: Situation, step: Step, attempt: AttemptState): Instruction {
  const { state, seen, nowMs, limits } = situation;
  const key = keyOf(state.run, step.id, attempt);
  const known = attemptSeen(seen, key);
  const { phase, attempt: number } = attempt;
  const settled: Instruction = {
    kind: 'append',
    fact: { type: 'AttemptSettled', item: step.id, phase, attempt: number },
  };
  // How it ended after all is worth more than that it is over, and that it was begun more than that it was refused.
  const isNews = attempt.outcome?.verdict === 'refused' || known.outcome?.verdict !== 'unknown';
  if (known.outcome !== undefined && !isSame(known.outcome, attempt.outcome) && isNews) {
    const fact = { item: step.id, phase, attempt: number, outcome: known.outcome, late: false };
    return { kind: 'append', fact: { type: 'OutcomeRecorded', ...fact } };
  }
  if (known.standing === 'settled') return settled;
  // The agent closed the run and ended what was left of it.
  if (known.standing === 'closed' && known.settledAtMs !== undefined) return settled;
  // The agent's own record says that it ended, if not how: nothing of it runs.
  if (known.standing === 'finished' && known.settledAtMs !== undefined) return settled;
  if (known.settledAtMs === undefined) return { kind: 'settle', key, node: attempt.node };
  if (nowMs - (known.settlingSinceMs ?? nowMs) >= limits.settleWithinMs) {
    const why =
      known.lastFailure === undefined
        ? `something of it still runs on ${attempt.node}`
        : `${attempt.node} cannot be asked (${known.lastFailure.message}); only waiting is possible until it answers`;
    return unknownEnd(situation, step, attempt, why);
  }
  const againAtMs = known.settledAtMs + limits.askAgainMs;
  return nowMs >= againAtMs ? { kind: 'settle', key, node: attempt.node } : { kind: 'wait', untilMs: againAtMs };
}

/** Whether Baton may try again by itself: declared safe, and not tried too often since an operator's last word. */
export function mayTryAgain({ state, limits }: Situation, item: ItemState, attempt: AttemptState): boolean {
  const ours = item.attempts.filter(
    ({ phase, startedSequence }) => phase === attempt.phase && startedSequence > state.operatorSequence,
  );
  return actionClasses[attempt.action.kind] !== 'once' && ours.length < limits.attemptsMax;
}

export const isSame = (a: unknown, b: unknown): boolean => canonicalJson(a ?? null) === canonicalJson(b ?? null);

/** The number of the next attempt of a phase. */
export function nextAttempt(item: ItemState, phase: Phase): number {
  return item.attempts.filter((attempt) => attempt.phase === phase).length + 1;
}
