// What an outcome contradicts that was decided before it came: a repetition, an adoption, a refusal. Pure; part of the fold.
import { actionClasses } from '../../shared/actions/action.ts';
import type { RunFact } from '../journal/event.ts';
import { type ItemState, mayHaveBegun, type RunState } from './state.ts';

/** What takes a run back was planned from what it had begun; an attempt that was refused then is not in that plan. */
export function begunAfterAll({ run, successor, items }: RunState, item: ItemState, id: string, fact: RunFact) {
  if (successor === undefined || fact.type !== 'OutcomeRecorded') return undefined;
  const hasBegun = (of: ItemState | undefined): boolean =>
    of?.attempts.some((attempt) => attempt.phase === 'do' && mayHaveBegun(attempt)) === true;
  if (hasBegun(items[id]) || !hasBegun(item)) return undefined;
  return `${id} was refused when the way back was planned, and its agent says now that it was begun; ${successor.run} would not take that back. Plan it again: baton run rollback ${run}`;
}

/** A late outcome of what may run only once contradicts when it was done over again, or taken as done and was not. */
export function contradictionOf(item: ItemState, id: string, fact: RunFact): string | undefined {
  if (fact.type !== 'OutcomeRecorded' || !fact.late || fact.phase !== 'do') return undefined;
  const attempt = item.attempts.find(({ phase, attempt: number }) => phase === 'do' && number === fact.attempt);
  if (attempt === undefined || actionClasses[attempt.action.kind] !== 'once') return undefined;
  const wasRepeated = item.attempts.some(({ phase, attempt: number }) => phase === 'do' && number > fact.attempt);
  const settled = `attempt ${fact.attempt} of ${id} was settled`;
  if (fact.outcome.verdict === 'succeeded' && wasRepeated)
    return `${settled} and done over again, and now it says that it had succeeded`;
  if (fact.outcome.verdict === 'succeeded' && item.intent === 'retry')
    return `${settled} to be done over again, and now it says that it had succeeded; look, then adopt it or retry`;
  if (fact.outcome.verdict === 'failed' && item.isAdopted)
    return `${id} was adopted as done, and now attempt ${fact.attempt} says that it failed`;
  return undefined;
}

/** It was to be repeated because it was never begun, and it was: an operator has to look again. */
export function isNewsOfRefused(
  { intent, attempts }: ItemState,
  fact: Extract<RunFact, { type: 'OutcomeRecorded' }>,
): boolean {
  const told = attempts.find(({ phase, attempt }) => phase === fact.phase && attempt === fact.attempt)?.outcome;
  return intent === 'retry' && !fact.late && told?.verdict === 'refused' && fact.outcome.verdict !== 'refused';
}
