// What people are told where the ledger takes nothing: which disk of which node is full, and what to do.
import { type Failure, failure } from '../../shared/failures.ts';
import { isNoSpace } from '../platform/system-error.ts';
import type { LedgerFile } from './ledger-file.ts';

/** The failure behind an error of the ledger when its disk is full; undefined for every other error. */
export function noRoomFor(what: string, error: unknown, node: string, ledger: LedgerFile): Failure | undefined {
  if (!isNoSpace(error)) return undefined;
  return failure('no-space', `${node}: no room for ${what} in ${ledger.folder}; free disk space there`, {
    retryable: true,
  });
}
