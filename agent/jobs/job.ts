// What a kind of job adds to how every job runs: what is looked at just before, and what becomes of its end.
import type { ActionOf, AnswerOf } from '../../shared/actions/action.ts';
import type { JobKind } from '../../shared/actions/jobs/job.ts';
import type { Failure, Result } from '../../shared/failures.ts';
import type { ActionContext, Ended } from '../actions/context.ts';

/** How the unit of a job has ended, well or badly. */
export interface JobEnd {
  /** -1 where it left none. */
  exitCode: number;
  elapsedMs: number;
  logFile: string;
  logBytes: number;
  lastLines: string;
  unit: string;
}

export interface Job<K extends JobKind> {
  /** As people call it: `the installer`. */
  name: string;
  /** The first group of a match in the output is the percentage. */
  progressPattern?(action: ActionOf<K>): string | undefined;
  /** How far it is, where its output doesn't tell; asked about every second. */
  measure?(action: ActionOf<K>, context: ActionContext): Promise<{ percent?: number; line: string } | undefined>;
  /** Looked at just before the unit starts; a failure starts nothing. */
  before?(action: ActionOf<K>, context: ActionContext): Promise<Result<void>>;
  /** After exit status 0. An agent that was killed meanwhile does it again, so it ends the same when repeated. */
  finish(action: ActionOf<K>, context: ActionContext, end: JobEnd): Promise<Ended<AnswerOf<K>>>;
  /** After any other end: clears away what is in the way, says more exactly what failed, and answers what is known. */
  fail(
    action: ActionOf<K>,
    context: ActionContext,
    end: JobEnd,
    failure: Failure,
  ): Promise<{ failure: Failure; answer: AnswerOf<K> }>;
}
