// The last moments before a start, the same for an act and for its undo: the suspension is still there, the bindings are
// read, then the intent is journaled. Pure.
import type { Action } from '../../shared/actions/action.ts';
import type { Phase } from '../../shared/key.ts';
import { asGuard } from '../checks/failover-suspended.ts';
import type { Step } from '../plans/plan.ts';
import { complaints, halt } from './ending.ts';
import { suspensionInForce } from './in-force.ts';
import type { Instruction, Situation } from './instruction.ts';
import { standingOf } from './requirement.ts';
import { fill, placeholdersIn } from './template.ts';

/** Looks at the failover suspension since the last thing that happened; undefined when it holds or none is in force. */
export function guardSuspension(situation: Situation): Instruction | undefined {
  const { plan, state, limits } = situation;
  const suspension = suspensionInForce(plan, state);
  if (suspension === undefined) return undefined;
  const standing = standingOf(situation, {
    item: suspension.id,
    of: 'then',
    checks: asGuard(suspension.then),
    base: Math.max(state.eraSequence, state.effectSequence),
    withinMs: limits.beforeWithinMs,
    everyMs: limits.readEveryMs,
  });
  if (standing.is === 'met') return undefined;
  if (standing.is === 'open') return standing.next;
  const checks = standing.read.results;
  const message = `failover is no longer suspended: ${complaints(checks)}`;
  return halt(situation, { item: suspension.id, reason: 'postcondition-failed', message, checks });
}

/** Journals the intent, its action filled in. */
export function startStep(
  situation: Situation,
  step: Step,
  phase: Phase,
  attempt: number,
  action: Action,
  timeoutMs: number,
): Instruction {
  const { state, seen, nowMs, limits } = situation;
  const base = Math.max(state.eraSequence, state.effectSequence);
  const ledger = seen.nodes[step.node]?.ledger;
  if (ledger === undefined) return lookForLedger(situation, step, phase, base);
  const names = placeholdersIn(action);
  const bindings = step.bindings.filter(({ name }) => names.includes(name));
  const start = (filled: Action): Instruction => ({
    kind: 'append',
    fact: { type: 'StepStarted', item: step.id, phase, attempt, node: step.node, action: filled, timeoutMs, ledger },
  });
  if (bindings.length === 0) return start(action);

  const bind: Instruction = { kind: 'bind', item: step.id, bindings, base };
  const bound = seen.bound[step.id];
  if (bound === undefined || bound.base !== base) return bind;
  if (bound.values.ok) return start(fill(action, bound.values.value));
  if (bound.lastAtMs - bound.firstAtMs >= limits.bindWithinMs) {
    const message = `${step.title} cannot start: ${bound.values.failure.message}`;
    const reason = phase === 'do' ? 'step-failed' : 'undo-failed';
    return halt(situation, { item: step.id, reason, message, evidence: bound.values.failure.evidence });
  }
  const againAtMs = bound.lastAtMs + limits.askAgainMs;
  return nowMs >= againAtMs ? bind : { kind: 'wait', untilMs: againAtMs };
}

/** Without the ledger's mark an agent that was put back could begin the command again, so nothing goes out before it is known. */
function lookForLedger(situation: Situation, step: Step, phase: Phase, base: number): Instruction {
  const { seen, nowMs, limits } = situation;
  const look: Instruction = { kind: 'look', item: step.id, base };
  const looked = seen.looked[step.id];
  if (looked === undefined || looked.base !== base) return look;
  if (looked.lastAtMs - looked.firstAtMs >= limits.unknownWithinMs) {
    const message = `${step.title} cannot start: nothing is known of ${step.node}’s ledger; see: baton node ls`;
    return halt(situation, { item: step.id, reason: phase === 'do' ? 'step-failed' : 'undo-failed', message });
  }
  const againAtMs = looked.lastAtMs + limits.askAgainMs;
  return nowMs >= againAtMs ? look : { kind: 'wait', untilMs: againAtMs };
}
