// How a check is written: its parameters checked, its findings turned into results. Every file of this folder that is
// named after a check exports one made here. Nothing here reads anything.
import type { z } from 'zod';
import type { AnswerOf } from '../../shared/actions/action.ts';
import type { Failure } from '../../shared/failures.ts';
import type { Cluster } from '../cluster/cluster.ts';
import {
  answerOf,
  type CheckContext,
  type CheckDefinition,
  type CheckRef,
  type CheckVerdict,
  isFailure,
  type Measure,
  type ReadAction,
  type Reading,
  type ReadingResult,
} from './check.ts';

/** What a check found on one node; `remedy` only where it differs from the check's. */
export interface Finding {
  node: string;
  limit: string;
  reading: string;
  verdict: CheckVerdict;
  remedy?: string;
  measure?: Measure;
  about?: string;
}

type Findings = Generator<Reading[], Finding[], ReadingResult[]>;

interface Spec<Params extends z.ZodObject> extends Omit<CheckDefinition, 'evaluate'> {
  params: Params;
  /** What must hold, in words: for dry runs. */
  words(params: z.infer<Params>, cluster: Cluster): string;
  evaluate(params: z.infer<Params>, context: CheckContext): Findings;
}

export interface Check<Params> extends CheckDefinition {
  ref(params: Params): CheckRef;
  words(params: Record<string, unknown>, cluster: Cluster): string;
}

/** Makes a check; a failing finding of one that only warns becomes a warning, `unknown` stays unknown. */
export function defineCheck<Params extends z.ZodObject>(spec: Spec<Params>): Check<z.infer<Params>> {
  const { id, title, section, severity, remedy, neverAccepted } = spec;
  return {
    id,
    title,
    section,
    severity,
    remedy,
    ...(neverAccepted !== undefined && { neverAccepted }),
    ref: (params) => ({ check: id, params }),
    words: (params, cluster) => spec.words(spec.params.parse(params), cluster),
    *evaluate(params, context) {
      const findings = yield* spec.evaluate(spec.params.parse(params), context);
      return findings.map((finding) => ({
        id,
        title,
        node: finding.node,
        section,
        severity,
        limit: finding.limit,
        reading: finding.reading,
        verdict: severity === 'warning' && finding.verdict === 'fail' ? 'warn' : finding.verdict,
        remedy: finding.verdict === 'pass' ? '' : (finding.remedy ?? remedy),
        ...(finding.about !== undefined && { about: finding.about, title: `${title}: ${finding.about}` }),
        ...(finding.measure !== undefined && { measure: finding.measure }),
      }));
    },
  };
}

const readingTimeoutMs = 15_000;

/** For readings that go through whole files or directories: the sum of an installer, the count of a large filedb. */
export const longReadingTimeoutMs = 180_000;

/** One reading of one node: the answer, or the failure. */
export function* readFrom<A extends ReadAction>(
  node: string,
  action: A,
  timeoutMs: number = readingTimeoutMs,
): Generator<Reading[], AnswerOf<A['kind']> | Failure, ReadingResult[]> {
  const [result] = yield [{ node, action, timeoutMs }];
  return answerOf(result, action.kind as A['kind']);
}

/** The same reading of several nodes at the same time; what was read is judged, what was not is unknown. */
export function* judgeEach<A extends ReadAction>(
  nodes: string[],
  action: A,
  limit: string,
  judge: (answer: AnswerOf<A['kind']>, node: string) => Omit<Finding, 'node' | 'limit'>,
  timeoutMs: number = readingTimeoutMs,
): Generator<Reading[], Finding[], ReadingResult[]> {
  const results = yield nodes.map((node) => ({ node, action, timeoutMs }));
  return nodes.map((node, index) => {
    const answer = answerOf(results[index], action.kind as A['kind']);
    return isFailure(answer) ? notRead(node, limit, answer) : { node, limit, ...judge(answer, node) };
  });
}

export const passIf = (holds: boolean): CheckVerdict => (holds ? 'pass' : 'fail');

/** The finding for a reading that failed: unknown, never pass. */
export function notRead(node: string, limit: string, failure: Failure): Finding {
  return {
    node,
    limit,
    reading: `not read (${failure.code}): ${failure.message}`,
    verdict: 'unknown',
    remedy: `Make ${node} readable (baton-agent status on ${node}, its journal), then look again.`,
  };
}
