// What comes next in a run: a pure function of plan, folded journal, what was noticed since, and the time. The same
// situation always gives the same instruction, and carrying one out twice does no harm.

import { isSame, keyOf } from './attempt.ts';
import { decideForward } from './forward.ts';
import { decideHandover } from './handover.ts';
import type { Instruction, Situation } from './instruction.ts';
import { putBackNode } from './put-back.ts';
import { attemptSeen } from './seen.ts';
import { type AttemptState, isOpen, isStanding, isToSettle, itemState, latestAttempt } from './state.ts';
import { decideUndo } from './undo.ts';

/** The next instruction. Throws for a run that was never started. */
export function decide(situation: Situation): Instruction {
  const { state } = situation;
  if (state.started === undefined) throw new Error(`run ${state.run} has no RunStarted`);
  if (state.ended !== undefined) return { kind: 'finished' };
  const evidence = unexpectedOutcome(situation);
  if (evidence !== undefined) return evidence;
  if (isStanding(state)) return { kind: 'wait' };
  const putBack = putBackNode(situation);
  if (putBack !== undefined) return putBack;
  if (state.successor !== undefined) return decideHandover(situation, state.successor);
  return state.direction === 'forward' ? decideForward(situation) : decideUndo(situation);
}

/** An outcome that nothing waits for: of a settled attempt, or one that came while the run stands. */
function unexpectedOutcome({ state, seen }: Situation): Instruction | undefined {
  for (const [item, { attempts }] of Object.entries(state.items))
    for (const attempt of attempts) {
      const { outcome } = attemptSeen(seen, keyOf(state.run, item, attempt));
      if (outcome === undefined || isKnown(attempt, outcome)) continue;
      // What was refused may have been started all the same, by the same command sent again, until there is a tombstone.
      const isNewest = latestAttempt(itemState(state, item), attempt.phase) === attempt;
      const isDecided = !(isOpen(attempt) || (isNewest && isToSettle(attempt)));
      // Refusing to start what had ended long ago, or once more, says nothing new.
      if ((isDecided || attempt.outcome?.verdict === 'refused') && outcome.verdict === 'refused') continue;
      const isNews = attempt.outcome !== undefined && outcome.verdict !== 'unknown';
      if (!isDecided && !isNews && !isStanding(state)) continue;
      const { phase, attempt: number } = attempt;
      const fact = { item, phase, attempt: number, outcome, late: isDecided };
      return { kind: 'append', fact: { type: 'OutcomeRecorded', ...fact } };
    }
  return undefined;
}

const isKnown = (attempt: AttemptState, outcome: unknown): boolean =>
  isSame(attempt.outcome, outcome) || isSame(attempt.lateOutcome, outcome);
