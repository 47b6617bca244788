// Starts the backups that are due, on the coordinator that leads: each scheduled time once, whoever is restarted or takes
// over, since the request's id follows from cluster and time. What could not be started is said, never caught up later.
import type { Clock } from '../../shared/clock.ts';
import { ok, type Result } from '../../shared/failures.ts';
import { sha256Hex } from '../../shared/hash.ts';
import type { Log } from '../../shared/log.ts';
import { seconds } from '../../shared/units.ts';
import type { Audit } from '../audit/audit.ts';
import type { Bus } from '../bus/bus.ts';
import { openStore, type Store } from '../bus/store.ts';
import type { BackupSchedule } from '../cluster/backup-schedule.ts';
import type { ClusterStore } from '../cluster/cluster-store.ts';
import { judgeDue, type ScheduleRecord } from './due.ts';

export type ScheduleTable = Pick<Store<ScheduleRecord>, 'get' | 'create' | 'put'>;

export const openScheduleTable = (bus: Bus): Promise<Result<ScheduleTable>> =>
  openStore<ScheduleRecord>(bus, 'backup-schedules');

export interface BackupTimer {
  /** Looks once at every cluster, and starts what is due. */
  look(): Promise<void>;
  /** Looks again and again until the signal. */
  keep(signal: AbortSignal): Promise<void>;
}

const lookEveryMs = seconds(10);

/** The same for the same time of the same cluster, so that it starts one run. */
export const scheduledRequest = (cluster: string, atMs: number): string =>
  `scheduled-${sha256Hex(`${cluster} ${atMs}`).slice(0, 24)}`;

export function createBackupTimer(parts: {
  clusters: Pick<ClusterStore, 'list'>;
  table: ScheduleTable;
  audit: Pick<Audit, 'record'>;
  clock: Clock;
  log: Log;
  /** Starts the backup, or gives the run that the same request has started before. */
  start(cluster: string, requestId: string, reason: string): Promise<Result<string>>;
}): BackupTimer {
  const { clusters, table, audit, clock, log } = parts;
  /** Why the last try failed, by cluster and time: said once, and again when the time has passed. */
  const hindrances = new Map<string, { atMs: number; why: string }>();

  const lookAt = async (cluster: string, schedule: BackupSchedule): Promise<Result<void>> => {
    const stored = await table.get(cluster);
    if (!stored.ok) return stored;
    const known = stored.value?.value;
    const hindrance = hindrances.get(cluster);
    const due = judgeDue(schedule, known, clock.nowMs(), hindrance?.why);
    // By compare-and-set: a coordinator that was deposed meanwhile says nothing about times that are another's.
    const keep = async (record: ScheduleRecord): Promise<Result<void>> => {
      const kept = await (stored.value === undefined
        ? table.create(cluster, record)
        : table.put(cluster, record, stored.value.revision));
      if (kept.ok) {
        hindrances.delete(cluster);
        sayMissed(cluster, known, record);
      }
      return kept.ok || kept.failure.code === 'conflict' ? ok(undefined) : kept;
    };
    if (due.is === 'later') return due.record === known ? ok(undefined) : await keep(due.record);

    const at = iso(due.atMs);
    const started = await parts.start(cluster, scheduledRequest(cluster, due.atMs), `scheduled for ${at}`);
    if (started.ok) return await keep({ ...due.record, last: { atMs: due.atMs, run: started.value } });
    const why = started.failure.message;
    if (hindrance?.atMs !== due.atMs || hindrance.why !== why)
      log.warn('the scheduled backup cannot be started yet', { cluster, at, reason: why });
    hindrances.set(cluster, { atMs: due.atMs, why });
    return ok(undefined);
  };

  const sayMissed = (cluster: string, before: ScheduleRecord | undefined, now: ScheduleRecord): void => {
    for (const { atMs, why } of now.missed)
      if (!before?.missed.some((one) => one.atMs === atMs))
        audit.record({
          who: 'schedule',
          what: 'scheduled backup',
          detail: `${cluster}: the one of ${iso(atMs)} was not taken: ${why}`,
          outcome: 'failed',
        });
  };

  const look = async (): Promise<void> => {
    const all = await clusters.list();
    if (!all.ok) {
      log.warn('schedules cannot be read', { reason: all.failure.message });
      return;
    }
    for (const { cluster } of all.value) {
      const schedule = cluster.backup?.schedule;
      if (schedule === undefined) continue;
      const looked = await lookAt(cluster.cluster, schedule);
      if (!looked.ok)
        log.warn('a schedule was not looked at', { cluster: cluster.cluster, reason: looked.failure.message });
    }
  };

  return {
    look,
    async keep(signal) {
      while (!signal.aborted) {
        try {
          await look();
        } catch (error) {
          // One cluster's schedule must not end the others'.
          log.error('a bug kept schedules from being looked at', { error: String(error) });
        }
        await clock.sleep(lookEveryMs, signal);
      }
    },
  };
}

const iso = (timeMs: number): string => new Date(timeMs).toISOString();
