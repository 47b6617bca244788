// The one translation of errors of system calls into failures.
import { type Failure, failure } from '../../shared/failures.ts';

/** The code of a system call's error (`ENOENT`, …); undefined for anything else. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** SQLite's numbers for: database or disk is full; the file that its processes share cannot be made long enough. */
const sqliteFull = [13, 4874];

/** Whether something could not be written because there was no room for it. */
export function isNoSpace(error: unknown): boolean {
  const code = errorCode(error);
  if (code === 'ENOSPC' || code === 'EDQUOT') return true;
  return code === 'ERR_SQLITE_ERROR' && sqliteFull.includes((error as { errcode?: number }).errcode ?? 0);
}

/** The failure behind an error of a system call; an error that is none of those is a bug and is thrown on. */
export function failureOfSystemCall(error: unknown, what: string): Failure {
  const code = errorCode(error);
  if (code === undefined) throw error;
  if (code === 'ENOENT' || code === 'ENOTDIR') return failure('not-found', `${what}: there is no such file`);
  if (isNoSpace(error))
    return failure('no-space', `${what}: the disk is full; make room, then retry`, { retryable: true });
  return failure('command-failed', `${what}: ${(error as Error).message}`, { retryable: true });
}
