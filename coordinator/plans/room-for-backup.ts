// Guide › Pre-Upgrade Requirements › Disk Space, for backups: what is to be written is measured before anything is touched.
import { partsOf } from '../backups/parts.ts';
import { backupSpace } from '../checks/backup-space.ts';
import { restoreSpace } from '../checks/restore-space.ts';
import { slotReserve } from '../checks/slot-reserve.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { gate, type Unphased } from './items.ts';

/** Room for what is to be written, on each node that it is written on: read before anything is touched. */
export function roomForBackup(cluster: Cluster): Unphased[] {
  const { backup } = cluster;
  if (backup === undefined) return [];
  const { directory, trialRestore } = backup;
  const tasks = partsOf(cluster, backup).map((task) => ({
    node: task.node,
    part: task.part,
    paths: task.part === 'database' ? [] : task.paths,
    excludes: task.part === 'database' ? [] : task.excludes,
    database: task.part === 'database' ? task.database : null,
  }));
  return [
    gate('Pre-Upgrade Requirements › Disk Space: for backups', {
      id: 'preflight.backup-space',
      title: 'There is room for the backup',
      checks: [backupSpace.ref({ directory, backup: '{{run}}', tasks, trialRestore })],
    }),
  ];
}

/** Room for restoring it: an upgrade whose way back would not fit has none. */
export function roomForRestore(): Unphased {
  return gate('Pre-Upgrade Requirements › Disk Space: for going back', {
    id: 'preflight.restore-space',
    title: 'The database can be restored beside the present one',
    checks: [restoreSpace.ref({}), slotReserve.ref({})],
  });
}
