// Starts what schedules ask for, in the coordinator that leads: each scheduled time once, whoever is restarted or takes
// over, since the request's id follows from schedule and time. What could not be started is said, never caught up later.
import type { Clock } from '../../shared/clock.ts';
import { ok, type Result } from '../../shared/failures.ts';
import { sha256Hex } from '../../shared/hash.ts';
import type { Log } from '../../shared/log.ts';
import { seconds } from '../../shared/units.ts';
import type { Audit } from '../audit/audit.ts';
import type { Bus } from '../bus/bus.ts';
import { openStore, type Store } from '../bus/store.ts';
import type { BackupSchedule } from '../cluster/backup-schedule.ts';
import type { Notifier } from '../notify/notice.ts';
import { judgeDue, type ScheduleRecord } from './due.ts';

export type ScheduleTable = Pick<Store<ScheduleRecord>, 'get' | 'create' | 'put'>;

export const openScheduleTable = (bus: Bus): Promise<Result<ScheduleTable>> =>
  openStore<ScheduleRecord>(bus, 'backup-schedules');

/** What a schedule of a cluster asks for. */
export interface Scheduled {
  cluster: string;
  what: 'backup' | 'probe';
  schedule: BackupSchedule;
}

/** Where in the table its record is. */
export const recordKey = ({ cluster, what }: Pick<Scheduled, 'cluster' | 'what'>): string =>
  what === 'backup' ? cluster : `${cluster}/${what}`;

export interface Timer {
  /** Looks once at every schedule, and starts what is due. */
  look(): Promise<void>;
  /** Looks again and again until the signal. */
  keep(signal: AbortSignal): Promise<void>;
}

const lookEveryMs = seconds(10);

/** The same for the same time of the same schedule, so that it starts one run, or takes one probe. */
export const scheduledRequest = (one: Pick<Scheduled, 'cluster' | 'what'>, atMs: number): string =>
  `scheduled-${sha256Hex(`${recordKey(one)} ${atMs}`).slice(0, 24)}`;

export function createTimer(parts: {
  /** What there is to look at now. */
  schedules(): Promise<Result<Scheduled[]>>;
  table: ScheduleTable;
  audit: Pick<Audit, 'record'>;
  notifier: Notifier;
  clock: Clock;
  log: Log;
  /** Starts it, or gives the run or probe that the same request has started before. */
  start(one: Scheduled, requestId: string, reason: string): Promise<Result<string>>;
}): Timer {
  const { table, audit, notifier, clock, log } = parts;
  /** Why the last try failed, by schedule and time: said once, and again when the time has passed. */
  const hindrances = new Map<string, { atMs: number; why: string }>();
  /** Of each schedule that is looked at just now: a probe may take minutes, and the others are due meanwhile. */
  const looks = new Map<string, Promise<void>>();

  const lookAt = async (one: Scheduled): Promise<Result<void>> => {
    const { cluster, what } = one;
    const key = recordKey(one);
    const stored = await table.get(key);
    if (!stored.ok) return stored;
    const known = stored.value?.value;
    if (stored.value !== undefined && known?.missed.some(({ isUntold }) => isUntold)) {
      for (const { atMs, why, isUntold } of known.missed) if (isUntold) sayMissed(one, atMs, why);
      const missed = known.missed.map(({ atMs, why }) => ({ atMs, why }));
      return settled(await table.put(key, { ...known, missed }, stored.value.revision));
    }
    const hindrance = hindrances.get(key);
    const due = judgeDue(one.schedule, known, clock.nowMs(), hindrance?.why);
    // By compare-and-set: a coordinator that was deposed meanwhile says nothing about times that are another's.
    const keep = async (record: ScheduleRecord): Promise<Result<void>> => {
      const kept = await (stored.value === undefined
        ? table.create(key, record)
        : table.put(key, record, stored.value.revision));
      if (kept.ok) hindrances.delete(key);
      return kept.ok && record.missed.some(({ isUntold }) => isUntold) ? await lookAt(one) : settled(kept);
    };
    if (due.is === 'later') return due.record === known ? ok(undefined) : await keep(due.record);

    const at = iso(due.atMs);
    const started = await parts.start(one, scheduledRequest(one, due.atMs), `scheduled for ${at}`);
    if (started.ok) return await keep({ ...due.record, last: { atMs: due.atMs, run: started.value } });
    const why = started.failure.message;
    if (hindrance?.atMs !== due.atMs || hindrance.why !== why)
      log.warn(`the scheduled ${what} cannot be started yet`, { cluster, at, reason: why });
    hindrances.set(key, { atMs: due.atMs, why });
    return ok(undefined);
  };

  const sayMissed = ({ cluster, what }: Scheduled, atMs: number, why: string): void => {
    const sentence = `the ${what} of ${cluster} scheduled for ${iso(atMs)} was not taken: ${why}`;
    audit.record({
      who: 'schedule',
      what: `scheduled ${what}`,
      detail: `${cluster}: ${sentence}`,
      outcome: 'failed',
    });
    notifier.tell({
      kind: 'alarm',
      cluster,
      subject: `no scheduled ${what} of ${cluster} at ${iso(atMs)}`,
      text: `${sentence}.\nIt is not caught up. By hand: ${what === 'probe' ? `baton probe ${cluster}` : `baton backup take ${cluster}`}`,
      id: `missed ${recordKey({ cluster, what })} ${atMs}`,
    });
  };

  const tell = async (one: Scheduled): Promise<void> => {
    const looked = await lookAt(one);
    if (!looked.ok) log.warn('a schedule was not looked at', { cluster: one.cluster, reason: looked.failure.message });
  };

  /** Begins a look at each schedule that is not being looked at, and gives these looks. */
  const begin = async (): Promise<Promise<void>[]> => {
    const all = await parts.schedules();
    if (!all.ok) {
      log.warn('schedules cannot be read', { reason: all.failure.message });
      return [];
    }
    const due = all.value.filter((one) => !looks.has(recordKey(one)));
    return due.map((one) => {
      const look = tell(one).finally(() => looks.delete(recordKey(one)));
      looks.set(recordKey(one), look);
      return look;
    });
  };

  /** One cluster's schedule must not end the others'. */
  const bug = (error: unknown): void => {
    log.error('a bug kept schedules from being looked at', { error: String(error) });
  };

  return {
    async look() {
      await Promise.all(await begin());
    },
    async keep(signal) {
      while (!signal.aborted) {
        for (const look of await begin().catch((error: unknown) => [Promise.reject(error)])) look.catch(bug);
        await clock.sleep(lookEveryMs, signal);
      }
      await Promise.allSettled(looks.values());
    },
  };
}

/** A conflict is another coordinator’s word, which counts. */
const settled = (kept: Result<unknown>): Result<void> =>
  kept.ok || kept.failure.code === 'conflict' ? ok(undefined) : kept;

const iso = (timeMs: number): string => new Date(timeMs).toISOString();
