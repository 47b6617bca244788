// What a writer of a ledger said that it wrote, compared with what the ledger has.
import { isDeepStrictEqual } from 'node:util';
import { ledgerOf } from '../../../agent/ledger/ledger.ts';
import { openLedgerFile } from '../../../agent/ledger/ledger-file.ts';
import type { Head } from '../../../coordinator/fleet/fleet.ts';
import type { Key } from '../../../shared/key.ts';
import type { Outcome } from '../../../shared/outcome.ts';

export type Row = { counter: number; generation: string } & (
  | { is: 'epoch'; epoch: number }
  | { is: 'head'; run: string; head: Head }
  | { is: 'begun'; key: Key; payloadHash: string }
  | { is: 'finished'; key: Key; outcome: Outcome }
  | { is: 'settled'; key: Key }
);

export const outcomeOf = (round: number): Outcome => ({
  verdict: 'succeeded',
  commands: [`command ${round}`],
  startedAtMs: round,
  elapsedMs: 1,
});

/** Acknowledged rows that the ledger lacks, or has otherwise. */
export function missingRows(path: string, rows: Row[]): Row[] {
  const file = openLedgerFile(path);
  const ledger = ledgerOf(file);
  const isThere = (row: Row): boolean => {
    if (row.generation !== file.generation() || row.counter > file.counter()) return false;
    switch (row.is) {
      case 'epoch':
        return ledger.highestEpoch() >= row.epoch;
      case 'head': {
        const head = ledger.headOf(row.run);
        return (head?.sequence ?? 0) > row.head.sequence || isDeepStrictEqual(head, row.head);
      }
      case 'begun':
        return ledger.attempt(row.key)?.payloadHash === row.payloadHash;
      case 'finished':
        return isDeepStrictEqual(ledger.attempt(row.key)?.outcome, row.outcome);
      case 'settled':
        return ledger.attempt(row.key)?.isSettled === true;
    }
  };
  const missing = rows.filter((row) => !isThere(row));
  file.close();
  return missing;
}
