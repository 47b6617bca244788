// How long a plan's items will take, as this site's own runs of the same plan have shown. No part of what a plan's hash is of:
// a run that ends meanwhile must not make another plan of it. Pure.
import type { Plan, PlanItem } from './plan.ts';
import { predict, predictedMs } from './predictions.ts';

/** By item, what it has taken; empty where nothing is known. */
export interface Expected {
  /** How many runs it is from. */
  runs: number;
  items: Record<string, { medianMs: number; p90Ms: number }>;
}

/** From the durations of past runs' items, a record for each run. */
export function expectedFrom(past: readonly Record<string, number>[]): Expected {
  const ids = new Set(past.flatMap((one) => Object.keys(one)));
  const items = [...ids].map((id) => {
    const taken = past.flatMap((one) => (one[id] === undefined ? [] : [one[id]])).toSorted((a, b) => a - b);
    return [id, { medianMs: rank(taken, 0.5), p90Ms: rank(taken, 0.9) }] as const;
  });
  return { runs: past.length, items: Object.fromEntries(items) };
}

/** The smallest one that so large a share of them does not exceed. */
const rank = (sorted: number[], share: number): number =>
  Math.round(sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? 0);

export const likelyMs = (item: PlanItem, expected: Expected | undefined): number =>
  expected?.items[item.id]?.medianMs ?? predictedMs(item);

const cautiousMs = (item: PlanItem, expected: Expected | undefined): number =>
  expected?.items[item.id]?.p90Ms ?? predictedMs(item);

/** Of the whole plan, as likely as not. */
export const likely = (plan: Plan, expected: Expected | undefined): Plan['predicted'] =>
  predict(plan.items, (item) => likelyMs(item, expected));

const sum = (items: readonly PlanItem[], expected: Expected | undefined): number =>
  items.reduce((total, item) => total + cautiousMs(item, expected), 0);

/**
 * What has to fit into the window from an item on: the rest, with a tenth that takes longer, and a way back after it. Going
 * back takes as long as what it takes back: restoring as long as backing up, starting as long as stopping.
 */
export function neededFrom(items: readonly PlanItem[], index: number, expected: Expected | undefined): number {
  const back = items.filter((item) => item.kind === 'step' && ('action' in item.undo || isBackup(item)));
  return sum(items.slice(index), expected) + sum(back, expected);
}

const isBackup = (item: PlanItem): boolean => item.kind === 'step' && item.action.kind.startsWith('backUp');
