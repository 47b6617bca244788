// The lease of suspended failover: at its deadline and every 15 minutes after it raises the alarm, in the journal and by
// the hook `alarm`, as long as the observer is not armed. Never arms by itself. Works without a coordinator, without room
// on the disk, over restarts, and when the clock is set back.
import type { Clock } from '../../shared/clock.ts';
import type { Log } from '../../shared/log.ts';
import { formatDuration } from '../../shared/units.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { readSuspension, type Suspension, writeSuspension } from '../ledger/suspension.ts';
import { describeState, isArmed, isHeld, type UnitState } from '../platform/unit-states.ts';

export const alarmEveryMs = 15 * 60_000;
/** A hook that failed is called again after this. */
const raiseAgainMs = 60_000;
/** How often the ledger is told what the clock shows: what a clock that goes back while no agent runs may prolong. */
const seenEveryMs = 60_000;
/** Less is slewing, not setting. */
const stepMsMin = 2000;

/** Whether the alarm is due. Pure. */
export function isAlarmDue(record: Suspension | undefined, nowMs: number): boolean {
  if (record === undefined || nowMs < record.deadlineMs) return false;
  // A clock that was set back must not silence it.
  return record.alarmedAtMs < record.deadlineMs || Math.abs(nowMs - record.alarmedAtMs) >= alarmEveryMs;
}

/** The record as it is by a clock that was set back by so much: what is left of the lease stays the same. Pure. */
export function setBack(record: Suspension, byMs: number): Suspension {
  const { suspendedAtMs, deadlineMs, alarmedAtMs } = record;
  return {
    ...record,
    suspendedAtMs: suspendedAtMs - byMs,
    deadlineMs: deadlineMs - byMs,
    alarmedAtMs: alarmedAtMs === 0 ? 0 : alarmedAtMs - byMs,
  };
}

export interface LeaseParts {
  ledger: Ledger;
  clock: Clock;
  log: Log;
  /** What systemd says of the observer's units; undefined when it does not tell. */
  observe(units: string[]): Promise<UnitState[] | undefined>;
  /** Tells somebody; false when that did not work. */
  raise(message: string): Promise<boolean>;
}

/** Looks after the lease: each call looks once whether the alarm is due, and raises it. */
export function createLeaseWatch({ ledger, clock, log, observe, raise }: LeaseParts): () => Promise<void> {
  /** The clocks at the last look, and what the record said then. */
  let last: { seenAtMs: number; wallMs: number; monotonicMs: number } | undefined;
  /** How far the clock was set back, as long as the ledger does not take it. */
  let behindMs = 0;
  /** When this process may raise the alarm again, whatever the ledger takes. */
  let quietUntilMs: number | undefined;

  /** A full disk keeps neither the alarm nor the next look. */
  const remember = (record: Suspension): boolean => {
    try {
      writeSuspension(ledger.file, record);
      return true;
    } catch (error) {
      log.warn('the suspension’s record could not be written, which is tried again', { error: String(error) });
      return false;
    }
  };

  /** How far the wall clock has been set back since the record was written or looked at. */
  const setBackMs = (seenAtMs: number, wallMs: number, monotonicMs: number): number => {
    const expectedMs =
      last === undefined || last.seenAtMs !== seenAtMs ? seenAtMs : last.wallMs + monotonicMs - last.monotonicMs;
    return expectedMs - wallMs >= stepMsMin ? expectedMs - wallMs : 0;
  };

  /** The record by the clock of now. */
  const current = (stored: Suspension, nowMs: number): Suspension => {
    const { seenAtMs = nowMs } = stored;
    const monotonicMs = clock.monotonicMs();
    if (last !== undefined && last.seenAtMs !== seenAtMs) behindMs = 0;
    const stepMs = setBackMs(seenAtMs, nowMs, monotonicMs);
    if (stepMs > 0) {
      behindMs += stepMs;
      const by = formatDuration(stepMs);
      log.warn(`the clock was set back by ${by}; the lease of the suspension is not prolonged by it`);
    }
    const record = behindMs === 0 ? stored : setBack(stored, behindMs);
    const isNews = behindMs !== 0 || stored.seenAtMs === undefined || nowMs - seenAtMs >= seenEveryMs;
    const isWritten = isNews && remember({ ...record, seenAtMs: nowMs });
    if (isWritten) behindMs = 0;
    last = { seenAtMs: isWritten ? nowMs : seenAtMs, wallMs: nowMs, monotonicMs };
    return record;
  };

  return async () => {
    const stored = readSuspension(ledger.file);
    const nowMs = clock.nowMs();
    const record = stored && current(stored, nowMs);
    if (record === undefined || nowMs < record.deadlineMs) {
      quietUntilMs = undefined;
      if (record === undefined) last = undefined;
      return;
    }
    if (quietUntilMs === undefined ? !isAlarmDue(record, nowMs) : clock.monotonicMs() < quietUntilMs) return;
    const units = record.units.map(({ unit }) => unit);
    const states = await observe(units);
    if (states !== undefined && isArmed(states)) return;

    const how = states === undefined ? `${units.join(', ')}: systemd does not answer` : states.map(describeState);
    const message =
      `failover has been suspended for ${formatDuration(nowMs - record.suspendedAtMs)} by run ${record.run}, ` +
      `${formatDuration(nowMs - record.deadlineMs)} longer than agreed: ${[how].flat().join('; ')}, and an outage of ` +
      `the master leads to no failover. See \`baton run show ${record.run}\`; \`baton failover arm\` arms it.`;
    log.error(`ALARM: ${message}`);
    const isRaised = await raise(message).catch((error: unknown) => {
      log.error('the alarm reached nobody but this log', { error: String(error) });
      return false;
    });
    quietUntilMs = clock.monotonicMs() + (isRaised ? alarmEveryMs : raiseAgainMs);
    // It may have been renewed or armed meanwhile.
    const newest = readSuspension(ledger.file);
    if (isRaised && newest !== undefined && newest.deadlineMs <= nowMs) remember({ ...newest, alarmedAtMs: nowMs });
  };
}

export interface RenewalParts {
  ledger: Ledger;
  clock: Clock;
  log: Log;
  /** What systemd says of the observer's units; undefined when it does not tell. */
  observer(): Promise<UnitState[] | undefined>;
}

/** The lease begins anew, for the run that suspended only; a coordinator of an older epoch renews nothing. */
export async function renewSuspension(
  run: string,
  leaseMs: number,
  epoch: number,
  parts: RenewalParts,
): Promise<boolean> {
  const { ledger, clock } = parts;
  if (!ledger.acceptEpoch(epoch) || !(leaseMs > 0)) return false;
  const record = readSuspension(ledger.file) ?? (await lostRecord(run, parts));
  if (record === undefined || record.run !== run) return false;
  const nowMs = clock.nowMs();
  writeSuspension(ledger.file, { ...record, deadlineMs: nowMs + leaseMs, alarmedAtMs: 0, seenAtMs: nowMs });
  return true;
}

/**
 * The record as far as it is known, where the ledger was put back or made anew while the observer stayed stopped and
 * masked: without one there is no alarm, and nothing suspends again when arming fails.
 */
async function lostRecord(
  run: string,
  { ledger, clock, log, observer }: RenewalParts,
): Promise<Suspension | undefined> {
  if (ledger.isClosed(run) || ledger.unfinished().length > 0) return undefined;
  const counter = ledger.file.counter();
  const states = (await observer()) ?? [];
  // Arming, or its end, may have come meanwhile.
  if (ledger.file.counter() !== counter || states.length === 0 || !states.every(isHeld)) return undefined;
  const names = states.map(({ unit }) => unit).join(', ');
  log.warn(`the suspension of ${names} had no record; it is written anew, and that they were enabled is assumed`, {
    run,
  });
  const nowMs = clock.nowMs();
  const units = states.map(({ unit }) => ({ unit, unitFileState: 'enabled' }));
  return { run, units, suspendedAtMs: nowMs, deadlineMs: nowMs, alarmedAtMs: 0 };
}
