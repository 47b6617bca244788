// The lease of suspended failover: at its deadline and every 15 minutes after it raises the alarm, in the journal and by
// the hook `alarm`, as long as the observer is not armed. Never arms by itself. Works without a coordinator.
import type { Clock } from '../../shared/clock.ts';
import type { Log } from '../../shared/log.ts';
import { formatDuration } from '../../shared/units.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { readSuspension, type Suspension, writeSuspension } from '../ledger/suspension.ts';

export const alarmEveryMs = 15 * 60_000;

/** Whether the alarm is due. Pure. */
export function isAlarmDue(record: Suspension | undefined, nowMs: number): boolean {
  if (record === undefined || nowMs < record.deadlineMs) return false;
  // A clock that was set back must not silence it.
  return record.alarmedAtMs < record.deadlineMs || Math.abs(nowMs - record.alarmedAtMs) >= alarmEveryMs;
}

export interface LeaseParts {
  ledger: Ledger;
  clock: Clock;
  log: Log;
  /** Whether the observer's units really run, as systemd tells. */
  isArmed(units: string[]): Promise<boolean>;
  /** Tells somebody; what goes wrong with that is its own to log. */
  raise(message: string): Promise<void>;
}

/** Looks once whether the alarm is due, and raises it. */
export async function watchLease(parts: LeaseParts): Promise<void> {
  const { ledger, clock, log } = parts;
  const record = readSuspension(ledger.file);
  const nowMs = clock.nowMs();
  if (record === undefined || !isAlarmDue(record, nowMs)) return;
  const units = record.units.map(({ unit }) => unit);
  if (await parts.isArmed(units)) return;
  const message =
    `failover has been suspended for ${formatDuration(nowMs - record.suspendedAtMs)} by run ${record.run}, ` +
    `${formatDuration(nowMs - record.deadlineMs)} longer than agreed: ${units.join(', ')} is stopped and masked, and an ` +
    `outage of the master leads to no failover. See \`baton run show ${record.run}\`; \`baton failover arm\` arms it.`;
  log.error(`ALARM: ${message}`);
  const current = readSuspension(ledger.file);
  if (current !== undefined) writeSuspension(ledger.file, { ...current, alarmedAtMs: nowMs });
  await parts.raise(message);
}

/** The lease begins anew, for the run that suspended only; a coordinator of an older epoch renews nothing. */
export function renewSuspension(run: string, leaseMs: number, epoch: number, ledger: Ledger, clock: Clock): boolean {
  if (!ledger.acceptEpoch(epoch)) return false;
  const record = readSuspension(ledger.file);
  if (record === undefined || record.run !== run || !(leaseMs > 0)) return false;
  writeSuspension(ledger.file, { ...record, deadlineMs: clock.nowMs() + leaseMs, alarmedAtMs: 0 });
  return true;
}
