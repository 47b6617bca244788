// The simulated site where backups are taken: a cluster file that asks for them, and an older one that lies on the disks.
import { partsOf } from '../../../coordinator/backups/parts.ts';
import type { PresentPart } from '../../../coordinator/backups/present.ts';
import type { BackupPlan, Cluster } from '../../../coordinator/cluster/cluster.ts';
import { labCluster } from '../../unit/checks/world.ts';
import type { SimPart } from './backups.ts';
import { installedVersion, type World } from './world.ts';

/** The one that lies there. */
export const old = 'backup-old';

/** Keeps one, so that taking another removes the old one and its snapshots. */
export const backupCluster: Cluster = labCluster(
  (text) => `${text}backup: { keep: 1, snapshots: { node: n3, timeout: 3m } }\n`,
);

const tasks = () => partsOf(backupCluster, backupCluster.backup as BackupPlan);

/** The older one, as a node tells it. */
export const oldParts = (): PresentPart[] =>
  tasks().map(({ node, part }) => ({
    ...{ node, part, backup: old, isComplete: true, sizeBytes: 1e9 },
    ...{ takenAtMs: 1, verifiedAtMs: 0, restoredAtMs: 0, warnings: [] },
  }));

/** The same on the disks of the site. */
export function layOldBackup(world: World): void {
  for (const { node, part } of tasks()) {
    const empty = { paths: [], excludes: [], database: '', parity: [], tickets: [], schema: '' };
    const lying: SimPart = { backup: old, part, isComplete: true, madeAtMs: 1, version: installedVersion, ...empty };
    world.node(node).parts.set(`${old}/${part}`, lying);
  }
}
