// Which conditions must have been read, and passed, before something starts; used for I3 and I7. The plan says which, the
// journal says when.

import type { PlanItem, Standing } from './history.ts';
import type { StepStarted } from './journal-facts.ts';

export interface Condition {
  item: PlanItem;
  of: 'gate' | 'before' | 'then' | 'undo-before';
  /** Only readings behind this event count. */
  since: number;
}

type Items = PlanItem[];

/** The gates between an item and the step before it. */
export function gatesBefore(items: Items, index: number, since: number): Condition[] {
  const lastStep = items.findLastIndex(({ kind }, at) => kind === 'step' && at < index);
  return items
    .slice(lastStep + 1, index)
    .filter(({ kind }) => kind === 'gate')
    .map((item) => ({ item, of: 'gate', since }));
}

/** The gates of what is verified last: behind the arming of failover, or where none is armed behind the last step. */
export function gatesOfEnd(items: Items, since: number): Condition[] {
  const armsAt = items.findLastIndex(({ action }) => action?.kind === 'armFailover');
  const from = armsAt >= 0 ? armsAt : items.findLastIndex(({ kind }) => kind === 'step');
  return items
    .slice(from + 1)
    .filter(({ kind }) => kind === 'gate')
    .map((item) => ({ item, of: 'gate', since }));
}

/** Postconditions of earlier steps that hold until a later item than this one. */
export function inForce(items: Items, index: number, { done, undone }: Standing, since: number): Condition[] {
  const isOver = ({ until }: PlanItem) => {
    const end = items.findIndex(({ id }) => id === until);
    return end >= 0 && end <= index;
  };
  return items
    .slice(0, index)
    .filter((item) => item.kind === 'step' && done.has(item.id) && !undone.has(item.id) && !isOver(item))
    .map((item) => ({ item, of: 'then', since }));
}

/** A step’s own conditions, or those of its undo. */
export function ownConditions(item: PlanItem, phase: StepStarted['phase'], { era, effect }: Standing): Condition {
  return { item, of: phase === 'do' ? 'before' : 'undo-before', since: Math.max(era, effect) };
}

/** The checks of a condition, as the plan names them. */
export function checksOf({ item, of }: Condition): string[] {
  const undo = item.undo !== undefined && 'before' in item.undo ? item.undo : undefined;
  const checks = { gate: item.checks, before: item.before, then: item.then, 'undo-before': undo?.before }[of] ?? [];
  return checks.map(({ check }) => check);
}

/** Why a condition was not known to hold; undefined when it was, or when there is nothing to read. */
export function whyNotMet(condition: Condition, { reads }: Standing): string | undefined {
  if (checksOf(condition).length === 0) return undefined;
  const { item, of, since } = condition;
  const newest = reads.get(`${item.id}/${of}`);
  if (newest === undefined) return `${of} of ${item.id} was never read`;
  if (newest.at <= since) return `${of} of ${item.id} was not read again`;
  return newest.read.passed ? undefined : `${of} of ${item.id} did not pass`;
}
