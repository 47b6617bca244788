// A condition that must hold before something goes on: read until it passes or its time is over, journaled once it is
// decided. Pure.
import type { CheckRef } from '../checks/check.ts';
import { worstVerdict } from '../checks/evaluate.ts';
import type { Instruction, Situation } from './instruction.ts';
import { readingName } from './seen.ts';
import { itemState, type JournaledRead, type ReadOf } from './state.ts';

export interface Requirement {
  item: string;
  of: ReadOf;
  checks: CheckRef[];
  /** Only readings after this event count. */
  base: number;
  withinMs: number;
  everyMs: number;
  /** A pass older than this is read again. */
  holdsForMs?: number;
  /** Passes only once every reading has passed for this long. */
  steadyForMs?: number;
}

export type Standing = { is: 'met' } | { is: 'failed'; read: JournaledRead } | { is: 'open'; next: Instruction };

/** Whether the condition is decided, or what to do about it next. */
export function standingOf(situation: Situation, requirement: Requirement): Standing {
  const { item, of, checks } = requirement;
  if (checks.length === 0) return { is: 'met' };
  const { state, seen, nowMs } = situation;
  const read = itemState(state, item).reads[of];
  const isExpired = read?.passed === true && isTooOld(situation, requirement);
  const base = Math.max(requirement.base, isExpired ? read.sequence : 0);
  if (read !== undefined && read.sequence > base) return read.passed ? { is: 'met' } : { is: 'failed', read };

  const open = (next: Instruction): Standing => ({ is: 'open', next });
  const reading = seen.readings[readingName(item, of)];
  if (reading === undefined || reading.base !== base) return open({ kind: 'read', item, of, checks, base });
  const decided = (passed: boolean): Standing =>
    open({ kind: 'append', fact: { type: 'ChecksRead', item, of, passed, results: reading.results } });
  if (reading.passed) {
    const steadyAtMs = (reading.passedSinceMs ?? reading.lastAtMs) + (requirement.steadyForMs ?? 0);
    if (reading.lastAtMs >= steadyAtMs) return decided(true);
    const nextAtMs = Math.min(reading.lastAtMs + requirement.everyMs, steadyAtMs);
    return open(nowMs >= nextAtMs ? { kind: 'read', item, of, checks, base } : { kind: 'wait', untilMs: nextAtMs });
  }
  const withinMs =
    worstVerdict(reading.results) === 'unknown' && isBeingChanged(situation)
      ? Math.max(requirement.withinMs, situation.limits.unknownWithinMs)
      : requirement.withinMs;
  if (reading.lastAtMs - reading.firstAtMs >= withinMs) return decided(false);
  const againAtMs = Math.min(reading.lastAtMs + requirement.everyMs, reading.firstAtMs + Math.max(withinMs, 1));
  return open(nowMs >= againAtMs ? { kind: 'read', item, of, checks, base } : { kind: 'wait', untilMs: againAtMs });
}

function isTooOld({ seen, nowMs }: Situation, { item, of, holdsForMs }: Requirement): boolean {
  if (holdsForMs === undefined) return false;
  const passedAtMs = seen.passedAtMs[readingName(item, of)];
  return passedAtMs === undefined || nowMs - passedAtMs > holdsForMs;
}

/** A step that is not harmless was started, here or by the run before: from now on patience is better than giving up. */
export function isBeingChanged({ plan, state }: Situation): boolean {
  if (state.started?.after !== undefined) return true;
  return plan.items.some(
    (item) => item.kind === 'step' && !item.isHarmless && itemState(state, item.id).attempts.length > 0,
  );
}
