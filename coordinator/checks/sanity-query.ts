// A query that the site itself named answers as it says, on the master's database: a value, a number within bounds, or
// what it answered before the work.
import { z } from 'zod';
import type { AnswerOf } from '../../shared/actions/action.ts';
import { nodeOf } from '../cluster/cluster.ts';
import type { CheckResult } from './check.ts';
import { defineCheck, type Finding, judgeEach } from './define.ts';

const params = z.strictObject({
  name: z.string(),
  query: z.string(),
  equals: z.string().optional(),
  atLeast: z.number().optional(),
  atMost: z.number().optional(),
  sameAsBefore: z.literal(true).optional(),
  notLessThanBefore: z.literal(true).optional(),
  /** The gate that had asked before the work; null where this is that gate. */
  comparedTo: z.string().nullable(),
});
type Params = z.infer<typeof params>;

export const sanityQuery = defineCheck({
  id: 'sanity-query',
  title: 'Sanity check of a query',
  section: 'Step 3: Service Health Verification › Sanity Checks',
  severity: 'blocking',
  remedy:
    'Ask the query by hand on the node (its file lies in /etc/baton/queries); where its answer is right, correct sanity in the cluster file, which counts from the next run on.',
  params,
  words: (asked) => `${asked.name}: ${limitOf(asked)}`,
  *evaluate(asked, { cluster, earlier }) {
    const node = nodeOf(cluster, 'master', 'db').name;
    const action = { kind: 'readQuery', database: cluster.database.name, query: asked.query } as const;
    const before = asked.comparedTo === null ? undefined : earlier?.(asked.comparedTo).find(isSame(asked.name));
    const found = yield* judgeEach([node], action, limitOf(asked), (answer) => judge(asked, answer, before));
    return found.map((finding) => ({ ...finding, about: asked.name }));
  },
});

const isSame = (name: string) => (result: CheckResult) => result.id === 'sanity-query' && result.about === name;

function judge(
  asked: Params,
  answer: AnswerOf<'readQuery'>,
  before: CheckResult | undefined,
): Omit<Finding, 'node' | 'limit'> {
  const text = answer.text.trim();
  const value = /^[+-]?\d+(?:\.\d+)?(?:e[+-]?\d+)?$/i.test(text) ? Number(text) : undefined;
  const measured = value === undefined ? {} : { measure: { value, unit: '' } };
  const reading = told(answer);
  if (asked.equals !== undefined && text !== asked.equals) return { reading, verdict: 'fail', ...measured };
  if (asked.atLeast !== undefined || asked.atMost !== undefined) {
    if (value === undefined) return { reading: `${reading}, which is no number`, verdict: 'fail' };
    const isWithin = value >= (asked.atLeast ?? value) && value <= (asked.atMost ?? value);
    if (!isWithin) return { reading, verdict: 'fail', ...measured };
  }
  if (asked.comparedTo === null || (!asked.sameAsBefore && !asked.notLessThanBefore))
    return { reading, verdict: 'pass', ...measured };
  if (before === undefined) return { reading: `${reading}; what it was before is not known`, verdict: 'unknown' };
  if (asked.sameAsBefore && before.reading !== reading)
    return { reading: `${reading}; before: ${before.reading}`, verdict: 'fail', ...measured };
  if (!asked.notLessThanBefore) return { reading, verdict: 'pass', ...measured };
  if (value === undefined || before.measure === undefined)
    return { reading: `${reading}; before: ${before.reading}; both must be numbers`, verdict: 'fail' };
  return {
    reading: `${reading}; before: ${before.measure.value}`,
    verdict: value >= before.measure.value ? 'pass' : 'fail',
    ...measured,
  };
}

/** Short answers as they are; of long ones their beginning and their sum, so that equal words mean equal answers. */
function told({ text, rows, sha256 }: AnswerOf<'readQuery'>): string {
  const short = text.length <= 80 && !text.includes('\n');
  const start = text.replaceAll(/\s+/g, ' ').slice(0, 60);
  return short ? JSON.stringify(text) : `${rows} rows, ${JSON.stringify(start)}…, sum ${sha256.slice(0, 12)}`;
}

function limitOf(asked: Params): string {
  const parts = [
    ...(asked.equals === undefined ? [] : [`is ${JSON.stringify(asked.equals)}`]),
    ...(asked.atLeast === undefined ? [] : [`≥ ${asked.atLeast}`]),
    ...(asked.atMost === undefined ? [] : [`≤ ${asked.atMost}`]),
    ...(asked.sameAsBefore ? ['the same as before'] : []),
    ...(asked.notLessThanBefore ? ['not less than before'] : []),
  ];
  return `the answer of ${asked.query}: ${parts.join(', ')}`;
}
