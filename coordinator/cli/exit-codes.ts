// The one place that says which exit code a failure, a run's status or a check's verdict has (DESIGN §8).
import type { RunStatusText } from '../../shared/documents.ts';
import type { Failure, FailureCode } from '../../shared/failures.ts';

export const exitCodes = {
  done: 0,
  failed: 1,
  badInput: 2,
  waitsForOperator: 3,
  outOfReach: 4,
  detached: 130,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

const exitOfCode: Record<FailureCode, ExitCode> = {
  'bad-input': exitCodes.badInput,
  'not-found': exitCodes.badInput,
  conflict: exitCodes.badInput,
  'checksum-mismatch': exitCodes.badInput,
  'not-in-state': exitCodes.badInput,
  unauthorized: exitCodes.badInput,
  'refused-by-policy': exitCodes.failed,
  'refused-old-epoch': exitCodes.outOfReach,
  'refused-on-hold': exitCodes.failed,
  'refused-busy': exitCodes.failed,
  'refused-key': exitCodes.failed,
  'restored-state': exitCodes.waitsForOperator,
  unreachable: exitCodes.outOfReach,
  timeout: exitCodes.outOfReach,
  'command-failed': exitCodes.failed,
  'command-killed': exitCodes.failed,
  'unexpected-output': exitCodes.failed,
  'no-space': exitCodes.failed,
  lost: exitCodes.waitsForOperator,
  damaged: exitCodes.failed,
  internal: exitCodes.failed,
};

/** Exit code of a command that was refused or could not be carried out. */
export function exitOfFailure(failure: Failure): ExitCode {
  return exitOfCode[failure.code];
}

const exitOfStatus: Record<RunStatusText, ExitCode> = {
  running: exitCodes.done,
  scheduled: exitCodes.done,
  succeeded: exitCodes.done,
  halted: exitCodes.failed,
  failed: exitCodes.failed,
  'rolled-back': exitCodes.failed,
  aborted: exitCodes.failed,
  'awaiting-operator': exitCodes.waitsForOperator,
};

/** The run did what it was meant to do; for a rollback that is to have gone back. */
export const endedWell = ({ status, plan }: { status: RunStatusText; plan: string }): boolean =>
  status === 'succeeded' || (status === 'rolled-back' && plan === 'rollback');

/** Exit code of a command that followed a run until it had this status. */
export function exitOfRun(run: { status: RunStatusText; plan: string }): ExitCode {
  return endedWell(run) ? exitCodes.done : exitOfStatus[run.status];
}

/** Exit code of checks: a warning is no failure, `unknown` is no pass. */
export function exitOfVerdict(verdict: 'pass' | 'warn' | 'fail' | 'unknown'): ExitCode {
  return verdict === 'pass' || verdict === 'warn' ? exitCodes.done : exitCodes.failed;
}
