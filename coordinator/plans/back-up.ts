// Guide › Pre-Upgrade Requirements › Application Backup, Database Backup, VM Snapshot. Before an upgrade, and alone as the
// plan `backup`. Everything here touches only Baton's own files: a failure changes nothing on the cluster.
import { hours, minutes, seconds } from '../../shared/units.ts';
import { type BackupTask, backupNodes, type FilesPart, partsOf } from '../backups/parts.ts';
import { outdated, type PresentPart } from '../backups/present.ts';
import { backupComplete } from '../checks/backup-complete.ts';
import { backupFresh } from '../checks/backup-fresh.ts';
import { backupsPruned } from '../checks/backups-pruned.ts';
import { databaseNoted } from '../checks/database-noted.ts';
import { masterIsPrimary } from '../checks/master-is-primary.ts';
import { type BackupPlan, type Cluster, nodeOf } from '../cluster/cluster.ts';
import { gate, noUndo, phase, step, type Unphased } from './items.ts';
import type { PlanItem } from './plan.ts';
import { agents } from './preflight.ts';
import { roomForBackup } from './room-for-backup.ts';
import { removeSnapshots, takeSnapshots } from './snapshots.ts';

/** What lies on the nodes before the plan begins. */
export type Present = PresentPart[];

const run = '{{run}}';
/** So large that only something that hangs is ended by it. */
const partTimeoutMs = hours(12);
const removeTimeoutMs = minutes(30);

/** `baton backup take`, and what a schedule starts. */
export function takeBackup(cluster: Cluster, backup: BackupPlan, present: Present, snapshots: boolean): PlanItem[] {
  return [
    ...phase('Preflight', [agents(), rightDatabase(), ...roomForBackup(cluster)]),
    ...phase('Back up', [
      ...takeParts(cluster, backup, present),
      ...(snapshots ? takeSnapshots(cluster, backup) : []),
      ...removeOutdated(cluster, backup, present, false),
    ]),
  ];
}

/** The part of an upgrade that makes going back possible; nothing where the cluster file asks for none. */
export function backUpBefore(cluster: Cluster, present: Present): PlanItem[] {
  const { backup } = cluster;
  if (backup === undefined) return [];
  const [first, ...others] = takeParts(cluster, backup, present);
  const early = 'before the observer is stopped instead of after it, so that failover is suspended for a shorter time';
  return phase('Back up', [
    ...(first === undefined ? [] : [{ ...first, deviation: early }]),
    ...others,
    ...takeSnapshots(cluster, backup),
    ...removeOutdated(cluster, backup, present, true),
  ]);
}

/** Right before services are stopped for an installer. */
export function backupIsFresh(cluster: Cluster): Unphased[] {
  const { backup } = cluster;
  if (backup === undefined) return [];
  const { directory, maxAgeMs } = backup;
  const { name: node } = nodeOf(cluster, 'master', 'db');
  return [
    gate('Always perform complete backups before HA upgrades', {
      id: 'master.backup-fresh',
      title: 'The backup is verified and fresh enough to go back to',
      checks: [backupFresh.ref({ directory, backup: run, node, maxAgeMs })],
    }),
  ];
}

/** Once nothing writes to it any more: a rollback then sees whether there is anything to restore. */
export function noteDatabase(cluster: Cluster): Unphased[] {
  if (cluster.backup === undefined) return [];
  return [
    gate('beyond the guide: what no installer has changed need not be restored', {
      id: 'master.note-database',
      title: 'What the database is before the installer is noted',
      checks: [databaseNoted.ref({})],
    }),
  ];
}

/** `baton backup verify`: one backup, read again. */
export function verifyBackup(backup: BackupPlan, parts: PresentPart[], trialRestore: boolean): PlanItem[] {
  return [
    ...phase('Preflight', [agents()]),
    ...phase(
      'Verify',
      parts.map((part) => verifyPart(part, { backup, of: part.backup, trialRestore, present: parts })),
    ),
  ];
}

function rightDatabase(): Unphased {
  return gate('Pre-Upgrade Requirements › Database Backup: from the master node', {
    id: 'preflight.primary',
    title: 'The master’s database is the primary',
    checks: [masterIsPrimary.ref({})],
  });
}

function takeParts(cluster: Cluster, backup: BackupPlan, present: Present): Unphased[] {
  const tasks = partsOf(cluster, backup);
  const { directory, trialRestore } = backup;
  const parts = tasks.map(({ node, part }) => ({ node, part }));
  return [
    ...tasks.map((task) => takePart(task, backup, present)),
    ...tasks.map((task) => verifyPart(task, { backup, of: run, trialRestore, present })),
    gate('Always perform complete backups before HA upgrades', {
      id: 'backup.whole',
      title: 'The backup is whole and verified',
      checks: [backupComplete.ref({ directory, backup: run, parts, asked: 'verified' })],
    }),
  ];
}

const sections: Record<BackupTask['part'], string> = {
  application: 'Pre-Upgrade Requirements › Application Backup: the application',
  files: 'Pre-Upgrade Requirements › Application Backup: the filedb folder on the master node',
  database: 'Pre-Upgrade Requirements › Database Backup',
  configuration: 'beyond the guide: the configuration of what stands before the application',
};

const nothingToUndo = noUndo('Baton’s own files in the backup directory, which disturb nothing');

function takePart(task: BackupTask, backup: BackupPlan, present: Present): Unphased {
  const { node, part } = task;
  const { directory } = backup;
  return step(sections[part], {
    id: `backup.${node}.${part}`,
    title: `Back up ${titles[part]} of ${node}`,
    node,
    action:
      task.part === 'database'
        ? {
            kind: 'backUpDatabase',
            ...{ directory, backup: run, database: task.database, jobs: task.jobs, parity: task.parity },
          }
        : { kind: 'backUpFiles', directory, backup: run, part, ...treesOf(task) },
    timeoutMs: partTimeoutMs,
    then: [backupComplete.ref({ directory, backup: run, parts: [{ node, part }], asked: 'complete' })],
    until: `backup.${node}.${part}.verify`,
    undo: nothingToUndo,
    isHarmless: true,
    predictedMs: lastTookMs(present, node, part),
  });
}

const treesOf = ({ paths, excludes, units }: FilesPart) => ({ paths, excludes, units });

const titles: Record<BackupTask['part'], string> = {
  application: 'the application',
  files: 'the files',
  database: 'the database',
  configuration: 'the configuration',
};

function verifyPart(
  { node, part }: { node: string; part: string },
  { backup, of, trialRestore, present }: { backup: BackupPlan; of: string; trialRestore: boolean; present: Present },
): Unphased {
  const { directory } = backup;
  const isRestored = trialRestore && part === 'database';
  const asked = isRestored ? 'restored' : 'verified';
  return step('beyond the guide: a backup that cannot be read is none', {
    id: `backup.${node}.${part}.verify`,
    title: `Verify the backup of ${node}: ${part}${isRestored ? ', restored into a scratch cluster' : ''}`,
    node,
    action: { kind: 'verifyBackup', directory, backup: of, part, trialRestore: isRestored },
    timeoutMs: partTimeoutMs,
    then: [backupComplete.ref({ directory, backup: of, parts: [{ node, part }], asked })],
    until: 'end',
    undo: nothingToUndo,
    isHarmless: true,
    predictedMs: lastTookMs(present, node, part),
  });
}

/** Older backups go, on each node by what lies there when it is carried out; this run's own is never among them. */
function removeOutdated(cluster: Cluster, backup: BackupPlan, present: Present, isUpgrade: boolean): Unphased[] {
  const { directory, keep } = backup;
  const pins = [run];
  return [
    ...backupNodes(cluster, backup).map((node) => {
      const parts = partsOf(cluster, backup).flatMap((task) => (task.node === node ? [task.part] : []));
      return step('beyond the guide: backups that nobody removes fill the disk', {
        id: `backup.${node}.prune`,
        title: `Remove backups beyond the newest ${keep} on ${node}, but never the last one of an upgrade`,
        node,
        action: { kind: 'pruneBackups', directory, keep, pins, parts },
        timeoutMs: removeTimeoutMs,
        then: [backupsPruned.ref({ node, directory, keep, pins, parts })],
        until: 'end',
        undo: noUndo('newer ones are there, verified'),
        isHarmless: true,
        predictedMs: seconds(5),
      });
    }),
    ...outdated(present, keep, isUpgrade)
      .toReversed()
      .flatMap((old, index) => removeSnapshots(cluster, backup, old.backup, index + 1)),
  ];
}

/** Half of what a disk of today reads in a while, so that the prediction errs on the safe side. */
const bytesPerMs = 50_000;

const guessMs = seconds(20);

/** By the newest backup of the same part; without one, a guess. */
export function lastTookMs(present: Present, node: string, part: string): number {
  const [newest] = present
    .filter((one) => one.node === node && one.part === part && one.isComplete)
    .toSorted((a, b) => b.takenAtMs - a.takenAtMs);
  return newest === undefined ? guessMs : seconds(2) + Math.round(newest.sizeBytes / bytesPerMs);
}
