// What a plan is known by, and what of it somebody agrees to who lets it start later: everything but what other runs change of
// it meanwhile without anybody deciding so. How long things are predicted to take follows from past runs, which older backups
// go from the rule in the cluster file, which is agreed to with the plan. Pure.
import { canonicalJson, sha256Hex } from '../../shared/hash.ts';
import { windowOpen } from '../checks/window-open.ts';
import type { Plan, PlanItem } from './plan.ts';

/**
 * What a plan is known by from its dry run to its start: all of it but the times that it predicts, which follow from sizes
 * and past runs that change from one look to the next; so does what of the window is needed.
 */
export function planHash(plan: Plan): string {
  const items = plan.items.map(withoutTimes);
  return sha256Hex(canonicalJson({ ...plan, predicted: null, items }));
}

/** The same as long as the plan is what was agreed to. */
export function agreedHash(plan: Plan): string {
  const items = plan.items.filter(({ phase }) => phase !== 'Back up').map(withoutTimes);
  return sha256Hex(canonicalJson({ ...plan, predicted: null, items }));
}

function withoutTimes(item: PlanItem): unknown {
  if (item.kind === 'step') return { ...item, predictedMs: 0 };
  if (item.kind === 'approval') return item;
  return { ...item, checks: item.checks.map((ref) => (ref.check === windowOpen.id ? { ...ref, params: {} } : ref)) };
}
