// The record of suspended failover: written before the observer is touched, kept over reboots, cleared only when it is
// armed again by proof.
import type { LedgerFile } from './ledger-file.ts';

export interface Suspension {
  run: string;
  /** Enablement before it was suspended, as systemd calls it. */
  units: { unit: string; unitFileState: string }[];
  suspendedAtMs: number;
  deadlineMs: number;
  /** When the alarm was last raised; 0 when never. */
  alarmedAtMs: number;
  /** The newest time that the wall clock is known to have shown: one that shows an earlier one was set back. */
  seenAtMs?: number;
}

export function readSuspension(file: LedgerFile): Suspension | undefined {
  const row = file.sql('SELECT record FROM suspension').get();
  return row && (JSON.parse(String(row.record)) as Suspension);
}

export function writeSuspension(file: LedgerFile, record: Suspension): void {
  file.change(() =>
    file
      .sql('INSERT INTO suspension (only_one, record) VALUES (1, ?) ON CONFLICT DO UPDATE SET record = excluded.record')
      .run(JSON.stringify(record)),
  );
}

export function clearSuspension(file: LedgerFile): void {
  if (readSuspension(file) !== undefined) file.change(() => file.sql('DELETE FROM suspension').run());
}
