// When backups are due by a cluster's schedule: five fields of cron in a time zone. Pure: every now is given.
import { Cron } from 'croner';

export interface BackupSchedule {
  /** Minute, hour, day, month, weekday. */
  cron: string;
  timezone: string;
}

const cronOf = ({ cron, timezone }: BackupSchedule): Cron => new Cron(cron, { timezone, mode: '5-part', paused: true });

/** Whether these are five fields of cron that ever come to pass. */
export function isSchedule(cron: string): boolean {
  if (cron.trim().split(/\s+/).length !== 5) return false;
  try {
    return cronOf({ cron, timezone: 'UTC' }).nextRun(new Date('2024-01-01T00:00:00Z')) !== null;
  } catch {
    return false;
  }
}

/** Whether the system knows the time zone. */
export function isTimezone(timezone: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: timezone }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

/** The first scheduled time after a moment, ms; undefined where there is none. */
export function nextTime(schedule: BackupSchedule, afterMs: number): number | undefined {
  return cronOf(schedule).nextRun(new Date(afterMs))?.getTime();
}

/** The scheduled times after one moment up to and with another, oldest first; of more than `most`, the newest. */
export function timesBetween(schedule: BackupSchedule, afterMs: number, untilMs: number, most: number): number[] {
  return cronOf(schedule)
    .previousRuns(most, new Date(untilMs + 1))
    .map((date) => date.getTime())
    .filter((timeMs) => timeMs > afterMs && timeMs <= untilMs)
    .toSorted((a, b) => a - b);
}
