// `--accept CHECK=REASON`: which findings of the preflight an operator takes as they are, written into the plan, so that it
// is seen before the yes, journaled with it, and gone with the run. Pure.
import { z } from 'zod';
import { fail, ok, type Result } from '../../shared/failures.ts';
import { checkById } from '../checks/catalogue.ts';
import type { CheckRef } from '../checks/check.ts';
import type { RunState } from '../sequencer/state.ts';
import type { PlanItem } from './plan.ts';

const reasonLettersMax = 300;

/** Reasons by the check's id, as a plan's parameter. */
export const acceptedReasons = z.record(
  z.string().max(80),
  z
    .string()
    .trim()
    .min(1, 'must be a reason, not empty')
    .max(reasonLettersMax, `must be a reason of at most ${reasonLettersMax} letters`)
    .regex(/^\P{C}*$/u, 'must be one line without control characters'),
);

export type Accepted = z.infer<typeof acceptedReasons>;

/** The headings whose gates look at the cluster as it is found, and at the same things once the work is done. */
const found = 'Preflight';
const afterwards = 'Verify';

/**
 * The same items, with what is accepted written into the preflight's gates. After the work the same finding is accepted
 * only where the preflight has found it: what the work has broken is nothing that anybody has seen.
 */
export function acceptInPlan(items: PlanItem[], accept: Accepted | undefined): Result<PlanItem[]> {
  if (accept === undefined || Object.keys(accept).length === 0) return ok(items);
  const gates = items.flatMap((item) => (item.kind === 'gate' && item.phase === found ? [item] : []));
  const refused = whyNotAccepted(
    accept,
    gates.flatMap(({ checks }) => checks),
  );
  if (refused !== undefined) return refused;
  const gatesOf = (check: string) => gates.filter(({ checks }) => checks.some((ref) => ref.check === check));
  return ok(
    items.map((item) => {
      if (item.kind !== 'gate') return item;
      if (item.phase === found) return { ...item, checks: acceptRefs(item.checks, accept) };
      if (item.phase !== afterwards) return item;
      const checks = item.checks.map((ref) => {
        const [accepted] = acceptRefs([ref], accept);
        return accepted?.accepted === undefined
          ? ref
          : { ...accepted, acceptedWhereFoundBy: gatesOf(ref.check).map(({ id }) => id) };
      });
      return { ...item, checks };
    }),
  );
}

/**
 * A way back ends where its run had begun: what was accepted there, and was found, is accepted at its end, of that node and
 * thing only. The same check may find on another node what the work has broken.
 */
export function acceptAsFound(items: PlanItem[], { items: found }: Pick<RunState, 'items'>): PlanItem[] {
  const results = Object.values(found)
    .flatMap(({ firstPass }) => firstPass?.results ?? [])
    .filter(({ accepted }) => accepted !== undefined);
  const acceptFound = (ref: CheckRef): CheckRef => {
    const same = results.filter(({ id }) => id === ref.check);
    const accepted = same[0]?.accepted;
    if (accepted === undefined) return ref;
    const acceptedOnlyFor = same.map(({ node, about }) => ({ node, ...(about !== undefined && { about }) }));
    return { ...ref, accepted, acceptedOnlyFor };
  };
  return items.map((item) =>
    item.kind === 'gate' && item.phase === afterwards ? { ...item, checks: item.checks.map(acceptFound) } : item,
  );
}

/** The same checks with the reasons for those that are accepted. */
export function acceptChecks(refs: CheckRef[], accept: Accepted): Result<CheckRef[]> {
  return whyNotAccepted(accept, refs) ?? ok(acceptRefs(refs, accept));
}

const acceptRefs = (refs: CheckRef[], accept: Accepted): CheckRef[] =>
  refs.map((ref) => {
    const reason = Object.hasOwn(accept, ref.check) ? accept[ref.check] : undefined;
    return reason === undefined ? ref : { ...ref, accepted: reason };
  });

/** `bad-input` with the ids that may be named; undefined when all that is accepted may be. */
function whyNotAccepted(accept: Accepted, refs: CheckRef[]): Result<never> | undefined {
  const there = [...new Set(refs.map(({ check }) => check))];
  const acceptable = there.filter((id) => {
    const check = checkById(id);
    return check?.severity === 'blocking' && check.neverAccepted === undefined;
  });
  const faults = Object.keys(accept).flatMap((id) => {
    if (acceptable.includes(id)) return [];
    const check = checkById(id);
    const name = JSON.stringify(id);
    if (check?.neverAccepted !== undefined) return [`${id} is never accepted: ${check.neverAccepted}`];
    if (check === undefined) return [`there is no check ${name}`];
    if (!there.includes(id)) return [`${id} is no check of this preflight`];
    return [`${id} only warns: there is nothing to accept`];
  });
  if (faults.length === 0) return undefined;
  const those = acceptable.toSorted().join(', ');
  return fail('bad-input', `--accept: ${faults.join('; ')}. Those that can be accepted here: ${those || 'none'}`);
}
