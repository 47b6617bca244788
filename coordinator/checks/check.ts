// What a check is: a read-only condition with a verdict. Gates, postconditions, preflight and verification all use these.
// Evaluation is a generator: it yields batches of readings to take and is given their results, so it is pure and can
// take a second reading that depends on the first.
import type { ActionKind, ActionOf, Answer, AnswerOf, actionClasses } from '../../shared/actions/action.ts';
import type { Failure } from '../../shared/failures.ts';
import type { LedgerMark } from '../../shared/ledger-mark.ts';
import type { ProbeDocument } from '../../shared/probe-documents.ts';
import type { Cluster } from '../cluster/cluster.ts';

type ReadKind = { [K in ActionKind]: (typeof actionClasses)[K] extends 'read' ? K : never }[ActionKind];
export type ReadAction = ActionOf<ReadKind>;

export interface Reading {
  node: string;
  action: ReadAction;
  timeoutMs: number;
}

export type ReadingResult = { ok: true; answer: Answer; commands: string[] } | { ok: false; failure: Failure };

/** The expected answer, or the failure. */
export function answerOf<K extends ReadKind>(result: ReadingResult | undefined, kind: K): AnswerOf<K> | Failure {
  if (result === undefined)
    return { code: 'internal', message: 'no reading was taken', retryable: false, evidence: '' };
  if (!result.ok) return result.failure;
  if (result.answer.kind !== kind)
    return {
      code: 'unexpected-output',
      message: `expected ${kind}, the agent answered ${result.answer.kind}`,
      retryable: false,
      evidence: '',
    };
  return result.answer as AnswerOf<K>;
}

export const isFailure = (value: unknown): value is Failure =>
  typeof value === 'object' && value !== null && 'code' in value && 'retryable' in value;

export type CheckVerdict = 'pass' | 'warn' | 'fail' | 'unknown';

/** One finding about one node (or about the cluster: node is empty). Shape of `baton check --json`. */
export interface CheckResult {
  id: string;
  title: string;
  node: string;
  section: string;
  severity: 'blocking' | 'warning';
  limit: string;
  reading: string;
  verdict: CheckVerdict;
  remedy: string;
  /** Which of several that the cluster file names; absent where there is only one. */
  about?: string;
  /** What was measured, for whoever compares with it later; `of` tells several figures of one node apart. */
  measure?: Measure;
  /** Why an operator takes it as it is: it had failed, and only warns. */
  accepted?: string;
}

export interface Measure {
  value: number;
  /** ms, bytes, lines/min, … */
  unit: string;
  of?: string;
}

/** Names a check and its parameters: plain data, kept in plans. */
export interface CheckRef {
  check: string;
  params: Record<string, unknown>;
  /** An operator's reason to go on although it fails; never for what is unknown. */
  accepted?: string;
  /** Only where one of these gates of the run had found the same on the same node, and it was accepted there. */
  acceptedWhereFoundBy?: string[];
  /** Only of these: what another run has found and accepted. */
  acceptedOnlyFor?: { node: string; about?: string }[];
}

export interface NodePresence {
  node: string;
  joined: boolean;
  /** Its certificate was revoked, and it has not joined anew. */
  revoked?: boolean;
  connected: boolean;
  hold: boolean;
  agentVersion: string;
  /** Agent's clock minus coordinator's, ms, by half the round trip; undefined when never measured. */
  clockOffsetMs?: number;
  lastSeenMs: number;
  /** Why its agent is not served though it calls: something was put back to an older copy. */
  refusal?: string;
  /** The refusal is no word on the node: its agent has obeyed a newer epoch than this coordinator leads with. */
  isCoordinatorBehind?: true;
  /** The attempt that it carries out; undefined or empty when none is known. */
  runningKey?: string;
  /** Of its agent, as last known; undefined until it has connected since it joined. */
  ledger?: LedgerMark;
}

export interface CheckContext {
  cluster: Cluster;
  nowMs: number;
  presence: NodePresence[];
  /** What a gate of this run found when it let the run pass first, as journaled; nothing outside a run or before that. */
  earlier?: (item: string) => CheckResult[];
  /** How long what is about to be begun will take with a way back, by this site's own runs; undefined where none is known. */
  neededMs?: number | undefined;
  /** The newest probe of the cluster; absent where none was ever taken. */
  lastProbe?: ProbeDocument | undefined;
}

export type Evaluation = Generator<Reading[], CheckResult[], ReadingResult[]>;

export interface CheckDefinition {
  id: string;
  title: string;
  section: string;
  severity: 'blocking' | 'warning';
  /** What to do when it does not pass. */
  remedy: string;
  /** Why no operator may accept that it fails; absent: `--accept` may name it. */
  neverAccepted?: string;
  evaluate(params: Record<string, unknown>, context: CheckContext): Evaluation;
}
