// The time at which a run is to start, as a person types it: `02:00`, `2026-11-28T02:00`, or with an offset. Pure.
import { fail, ok, type Result } from '../../shared/failures.ts';
import { hours } from '../../shared/units.ts';
import { momentOf } from '../cluster/window.ts';

const aheadMaxMs = hours(24 * 60);

/** `timezone`: that of the cluster's window; without one only a time with its offset is a time. */
export function parseStartTime(text: string, timezone: string | undefined, nowMs: number): Result<number> {
  const atMs = momentIn(text.trim(), timezone, nowMs);
  if (typeof atMs === 'string') return fail('bad-input', `--at ${JSON.stringify(text.slice(0, 60))}: ${atMs}`);
  if (atMs <= nowMs) return fail('bad-input', `--at: ${new Date(atMs).toISOString()} is past`);
  if (atMs - nowMs > aheadMaxMs)
    return fail('bad-input', '--at: more than 60 days ahead; nobody knows the cluster then');
  return ok(atMs);
}

const forms = 'give a time such as 02:00, 2026-11-28T02:00 or 2026-11-28T02:00+05:30';

function momentIn(text: string, timezone: string | undefined, nowMs: number): number | string {
  const [, date, time, offset] =
    /^(?:(\d{4}-\d{2}-\d{2})[T ])?(\d{2}:\d{2}(?::\d{2})?)(Z|[+-]\d{2}:\d{2})?$/.exec(text) ?? [];
  if (time === undefined || (date === undefined && offset !== undefined)) return forms;
  try {
    if (date !== undefined && offset !== undefined)
      return Temporal.Instant.from(`${date}T${time}${offset}`).epochMilliseconds;
    if (timezone === undefined)
      return 'the cluster file has no window, whose time zone this would be in: add the offset, such as 2026-11-28T02:00+05:30';
    if (date !== undefined) return momentOf(Temporal.PlainDate.from(date), time, timezone, 'opens');
    const today = Temporal.Instant.fromEpochMilliseconds(nowMs).toZonedDateTimeISO(timezone).toPlainDate();
    const atMs = momentOf(today, time, timezone, 'opens');
    return atMs > nowMs ? atMs : momentOf(today.add({ days: 1 }), time, timezone, 'opens');
  } catch {
    return `there is no such time; ${forms}`;
  }
}
