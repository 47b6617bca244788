// The schedules of probes that operators have added, one a cluster, and with those of the cluster files all that is scheduled.
import { fail, ok, type Result } from '../../shared/failures.ts';
import type { Bus } from '../bus/bus.ts';
import { openStore, type Store } from '../bus/store.ts';
import { type BackupSchedule, isSchedule, isTimezone } from '../cluster/backup-schedule.ts';
import type { ClusterStore } from '../cluster/cluster-store.ts';
import type { Scheduled } from './timer.ts';

export interface ProbeSchedule extends BackupSchedule {
  addedBy: string;
  addedAtMs: number;
}

/** By cluster. */
export type ProbeSchedules = Pick<Store<ProbeSchedule>, 'get' | 'put' | 'create' | 'delete' | 'list'>;

export const openProbeSchedules = (bus: Bus): Promise<Result<ProbeSchedules>> =>
  openStore<ProbeSchedule>(bus, 'probe-schedules');

/** Refuses what never comes to pass, with an example of what does. */
export function judgeSchedule({ cron, timezone }: BackupSchedule): Result<void> {
  if (!isSchedule(cron))
    return fail(
      'bad-input',
      `${JSON.stringify(cron)} is no schedule: five fields of cron (minute, hour, day, month, weekday), such as '0 2 * * *'`,
    );
  if (!isTimezone(timezone))
    return fail(
      'bad-input',
      `${JSON.stringify(timezone)} is no time zone that this system knows, such as Asia/Kolkata`,
    );
  return ok(undefined);
}

/** Of clusters that are there: a schedule of one that was renamed starts nothing. */
export async function allScheduled(
  clusters: Pick<ClusterStore, 'list'>,
  probes: Pick<ProbeSchedules, 'list'>,
): Promise<Result<Scheduled[]>> {
  const all = await clusters.list();
  if (!all.ok) return all;
  const added = await probes.list();
  if (!added.ok) return added;
  const names = new Set(all.value.map(({ cluster }) => cluster.cluster));
  const backups = all.value.flatMap(({ cluster: { cluster, backup } }): Scheduled[] =>
    backup?.schedule === undefined ? [] : [{ cluster, what: 'backup', schedule: backup.schedule }],
  );
  const probed = added.value
    .filter(({ key }) => names.has(key))
    .map(
      ({ key, value: { cron, timezone } }): Scheduled => ({
        cluster: key,
        what: 'probe',
        schedule: { cron, timezone },
      }),
    );
  return ok([...backups, ...probed]);
}
