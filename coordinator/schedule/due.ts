// What a schedule asks for now, by what was dealt with before. Pure: whoever asks starts it, keeps the record, and asks again.
import { minutes } from '../../shared/units.ts';
import { type BackupSchedule, timesBetween } from '../cluster/backup-schedule.ts';

/** What a cluster's schedule has led to, kept on the bus: a coordinator that takes over goes on from it. */
export interface ScheduleRecord extends BackupSchedule {
  /** Each scheduled time up to this one was started or said to be missed. */
  doneUntilMs: number;
  /** The last one that was started. */
  last?: { atMs: number; run: string };
  /** The newest that were not started, and why; `isUntold` until somebody was told, over restarts too. */
  missed: { atMs: number; why: string; isUntold?: true }[];
}

export type Due =
  | { is: 'later'; record: ScheduleRecord }
  /** `record` is what to keep once it has started. */
  | { is: 'start'; atMs: number; record: ScheduleRecord };

/** So long after its time a backup is still begun: the cluster may have been held, or the coordinator restarted. */
export const graceMs = minutes(15);
/** A record of a time far ahead was written by a clock that was wrong; without this it would silence the schedule. */
const aheadMaxMs = minutes(26 * 60);
const missedKept = 5;
const timesMax = 100;

/** What is to be done now. `hindrance`: why the last try to start one failed. */
export function judgeDue(
  schedule: BackupSchedule,
  known: ScheduleRecord | undefined,
  nowMs: number,
  hindrance?: string,
): Due {
  const record = recordOf(schedule, known, nowMs);
  const times = timesBetween(schedule, record.doneUntilMs, nowMs, timesMax);
  const latest = times.at(-1);
  if (latest === undefined) return { is: 'later', record };
  const isInTime = nowMs - latest <= graceMs;
  const late = isInTime ? times.slice(0, -1) : times;
  const why = hindrance ?? 'no coordinator was there to start it';
  const missed = [...record.missed, ...late.map((atMs) => ({ atMs, why, isUntold: true as const }))].slice(-missedKept);
  const handled = { ...record, doneUntilMs: latest, missed };
  return isInTime ? { is: 'start', atMs: latest, record: handled } : { is: 'later', record: handled };
}

/** A schedule that is new, or another than before, begins now: what lies before it was never promised. */
function recordOf(
  { cron, timezone }: BackupSchedule,
  known: ScheduleRecord | undefined,
  nowMs: number,
): ScheduleRecord {
  const isSame = known?.cron === cron && known.timezone === timezone;
  if (known !== undefined && isSame && known.doneUntilMs <= nowMs + aheadMaxMs) return known;
  return { missed: [], ...known, cron, timezone, doneUntilMs: nowMs };
}
