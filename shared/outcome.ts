// How an attempt ended (DESIGN §3.7). `unknown` is never success and never rerun blindly.
import type { Answer } from './actions/action.ts';
import type { Failure } from './failures.ts';

export interface Outcome {
  /** `refused`: not started, and nothing in the agent's ledger. */
  verdict: 'succeeded' | 'failed' | 'unknown' | 'refused';
  failure?: Failure;
  answer?: Answer;
  /** The command lines that the agent executed, in order. */
  commands: string[];
  startedAtMs: number;
  elapsedMs: number;
}
