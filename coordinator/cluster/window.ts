// When a maintenance window is open, as clocks on the wall of its time zone say, over midnight and over changes to and from
// summer time. Pure: every now is given.

export const weekdays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
export type Weekday = (typeof weekdays)[number];

/** Opens on these days; where `to` is not after `from`, it closes on the day after. */
export interface MaintenanceWindow {
  days: Weekday[];
  /** Such as 01:00. */
  from: string;
  to: string;
  timezone: string;
}

export interface Opening {
  opensAtMs: number;
  closesAtMs: number;
}

/** A week and what may be skipped around it. */
const daysAhead = 9;

/** The opening that a moment lies in; undefined when the window is closed. */
export function openingAt(window: MaintenanceWindow, atMs: number): Opening | undefined {
  return openings(window, atMs).find(({ opensAtMs, closesAtMs }) => opensAtMs <= atMs && atMs < closesAtMs);
}

/** The first opening that begins after a moment. */
export function nextOpening(window: MaintenanceWindow, afterMs: number): Opening | undefined {
  return openings(window, afterMs).find(({ opensAtMs }) => opensAtMs > afterMs);
}

function openings({ days, from, to, timezone }: MaintenanceWindow, aroundMs: number): Opening[] {
  const today = Temporal.Instant.fromEpochMilliseconds(aroundMs).toZonedDateTimeISO(timezone).toPlainDate();
  const isOverMidnight = to !== '24:00' && to <= from;
  const found: Opening[] = [];
  for (let offset = -1; offset <= daysAhead; offset += 1) {
    const date = today.add({ days: offset });
    if (!days.some((day) => weekdays.indexOf(day) + 1 === date.dayOfWeek)) continue;
    const last = isOverMidnight || to === '24:00' ? date.add({ days: 1 }) : date;
    const opensAtMs = momentOf(date, from, timezone, 'opens');
    const closesAtMs = momentOf(last, to === '24:00' ? '00:00' : to, timezone, 'closes');
    // Where the clock skips the whole of it there is none.
    if (closesAtMs > opensAtMs) found.push({ opensAtMs, closesAtMs });
  }
  return found;
}

/** A time that comes twice is the first one; one that the clock skips is the moment at which it does. */
export function momentOf(date: Temporal.PlainDate, time: string, timezone: string, what: 'opens' | 'closes'): number {
  const wall = date.toPlainDateTime(time);
  const moment = wall.toZonedDateTime(timezone, { disambiguation: what === 'opens' ? 'compatible' : 'earlier' });
  if (moment.toPlainDateTime().equals(wall)) return moment.epochMilliseconds;
  const skipped = wall.toZonedDateTime(timezone, { disambiguation: 'later' }).getTimeZoneTransition('previous');
  return (skipped ?? moment).epochMilliseconds;
}

/** `Sat 2026-11-28 01:00 Asia/Kolkata`. */
export function wallTime(atMs: number, timezone: string): string {
  const moment = Temporal.Instant.fromEpochMilliseconds(atMs).toZonedDateTimeISO(timezone);
  const day = weekdays[moment.dayOfWeek - 1] ?? '';
  const time = moment.toPlainTime().toString({ smallestUnit: 'minute' });
  return `${day.charAt(0).toUpperCase()}${day.slice(1)} ${moment.toPlainDate().toString()} ${time} ${timezone}`;
}

/** `sat, sun 01:00 to 05:00 Asia/Kolkata`. */
export const windowWords = ({ days, from, to, timezone }: MaintenanceWindow): string =>
  `${days.length === weekdays.length ? 'daily' : days.join(', ')} ${from} to ${to} ${timezone}`;
