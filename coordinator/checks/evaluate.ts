// Evaluates several checks as one: readings of independent checks go out together, identical ones are taken once.
// Pure: whoever drives the generator takes the readings.
import { canonicalJson } from '../../shared/hash.ts';
import { checkById } from './catalogue.ts';
import type { CheckContext, CheckRef, CheckResult, CheckVerdict, Evaluation, Reading, ReadingResult } from './check.ts';

interface Pending {
  evaluation: Evaluation;
  batch: Reading[];
}

/**
 * All results of the checks, in their order. Within a round identical readings are shared; nothing is kept from one
 * round to the next, since a check that reads again wants to see what has changed.
 */
export function* evaluateChecks(refs: CheckRef[], context: CheckContext): Evaluation {
  const results: CheckResult[][] = refs.map(() => []);
  const pending = new Map<number, Pending>();

  const advance = (index: number, evaluation: Evaluation, answers: ReadingResult[] | undefined): void => {
    const next = answers === undefined ? evaluation.next() : evaluation.next(answers);
    if (next.done) {
      pending.delete(index);
      const found = next.value.length > 0 ? next.value : [unanswered(refs[index], 'the check had nothing to look at')];
      results[index] = found.map((result) => withAccepted(refs[index], result, context));
    } else pending.set(index, { evaluation, batch: next.value });
  };

  for (const [index, ref] of refs.entries()) {
    const definition = checkById(ref.check);
    if (definition) advance(index, definition.evaluate(ref.params, context), undefined);
    else results[index] = [unanswered(ref, 'this version of Baton does not know the check')];
  }

  while (pending.size > 0) {
    const shared = new Map<string, Reading>();
    for (const { batch } of pending.values())
      for (const reading of batch) {
        const same = shared.get(identity(reading));
        shared.set(identity(reading), same && same.timeoutMs >= reading.timeoutMs ? same : reading);
      }
    const taken: ReadingResult[] = shared.size > 0 ? yield [...shared.values()] : [];
    const resultOf = new Map([...shared.keys()].map((key, position) => [key, taken[position] ?? nothingCame]));
    for (const [index, { evaluation, batch }] of [...pending])
      advance(
        index,
        evaluation,
        batch.map((reading) => resultOf.get(identity(reading)) ?? nothingCame),
      );
  }
  return results.flat();
}

const identity = (reading: Reading): string => canonicalJson([reading.node, reading.action]);

const nothingCame: ReadingResult = {
  ok: false,
  failure: { code: 'internal', message: 'no reading was taken', retryable: false, evidence: '' },
};

/** An operator has accepted that it fails; what nobody could read, and what nobody may accept, stays as it is. */
function withAccepted(ref: CheckRef | undefined, result: CheckResult, { earlier }: CheckContext): CheckResult {
  if (ref?.accepted === undefined || result.verdict !== 'fail') return result;
  if (checkById(ref.check)?.neverAccepted !== undefined) return result;
  const isFound = (gate: string) =>
    earlier?.(gate).some(
      ({ id, node, about, accepted }) =>
        id === result.id && node === result.node && about === result.about && accepted !== undefined,
    );
  if (ref.acceptedWhereFoundBy?.some(isFound) === false) return result;
  if (ref.acceptedOnlyFor?.some(({ node, about }) => node === result.node && about === result.about) === false)
    return result;
  return { ...result, verdict: 'warn', accepted: ref.accepted };
}

function unanswered(ref: CheckRef | undefined, reading: string): CheckResult {
  const id = ref?.check ?? '';
  const definition = checkById(id);
  return {
    id,
    title: definition?.title ?? id,
    node: '',
    section: definition?.section ?? '',
    severity: 'blocking',
    limit: '',
    reading,
    verdict: 'unknown',
    remedy: definition?.remedy ?? 'Finish the run with the version of Baton that started it.',
  };
}

/** Whether every finding lets a run go on: a warning does, `unknown` does not. */
export const allPass = (results: CheckResult[]): boolean =>
  results.every(({ verdict }) => verdict === 'pass' || verdict === 'warn');

const gravity: CheckVerdict[] = ['pass', 'warn', 'unknown', 'fail'];

/** The gravest verdict: fail, then unknown, then warn. */
export function worstVerdict(results: CheckResult[]): CheckVerdict {
  return gravity[Math.max(0, ...results.map(({ verdict }) => gravity.indexOf(verdict)))] ?? 'unknown';
}

/** One finding as one sentence: node, what, reading, limit, and what to do where it does not pass. */
export function checkSentence(result: CheckResult): string {
  const limit = result.limit ? ` (must be: ${result.limit})` : '';
  const remedy = result.remedy ? ` — ${result.remedy}` : '';
  return `${result.node || 'cluster'}: ${result.title}: ${result.reading}${limit}${remedy}`;
}
