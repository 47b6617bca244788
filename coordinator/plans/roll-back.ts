// Guide › Rollback to Previous Version, in its order: observer, restore, services, observer. Compiled from what a run has
// begun; every step may be carried out again, and what it replaces is never lost.

import { asideName } from '../../shared/actions/jobs/places.ts';
import { hours, minutes, seconds } from '../../shared/units.ts';
import { backupComplete } from '../checks/backup-complete.ts';
import { failoverSuspended } from '../checks/failover-suspended.ts';
import { fileGone } from '../checks/file-gone.ts';
import { masterIsPrimary } from '../checks/master-is-primary.ts';
import { observerQuiet } from '../checks/observer-quiet.ts';
import { partRestored } from '../checks/part-restored.ts';
import { replicationStreaming } from '../checks/replication-streaming.ts';
import { rowsAsBackedUp } from '../checks/rows-as-backed-up.ts';
import { unitsStopped } from '../checks/units-stopped.ts';
import { versionIs } from '../checks/version-is.ts';
import { type Cluster, nodeOf } from '../cluster/cluster.ts';
import { armFailover, observerIsQuiet, whileSuspended } from './failover.ts';
import { gate, noUndo, phase, step, type Unphased } from './items.ts';
import type { PlanItem } from './plan.ts';
import { observerMs, requestMs } from './predictions.ts';
import { agents, appNodes } from './preflight.ts';
import { startServices, stayStopped, stopServices } from './services.ts';
import { dataIsSynchronized, newVersionAnswers, resourcesAreUsual, servicesAreHealthy } from './verification.ts';
import { type Restored, type RollbackFacts, type WayBack, wayBack } from './way-back.ts';

const guide = 'Rollback to Previous Version';
/** So large that only something that hangs is ended by it. */
const restoreTimeoutMs = hours(12);
/** A database that was restored as a whole has to reach the standby as a whole. */
const catchUpMs = minutes(60);

export function rollBack(cluster: Cluster, facts: RollbackFacts): PlanItem[] {
  const way = wayBack(cluster, facts);
  const version = way.versions[appNodes(cluster)[0]];
  return [
    ...phase('Preflight', [agents(), rightPrimary(), ...backupIsThere(facts.of, way)]),
    ...phase('Suspend failover', way.isTouched ? suspend(cluster, way) : []),
    ...whileSuspended([
      ...phase('Stop services', stopAll(cluster, way)),
      ...phase('Restore', restoreAll(cluster, facts, way)),
      ...phase('Start services', startAgain(cluster, way, version)),
    ]),
    ...phase(
      'Arm failover',
      way.isTouched ? [...caughtUp(way), armFailover(`${guide} › Start Observer Service`, cluster)] : [],
    ),
    ...phase('Verify', [
      ...removeTestFile(cluster, way),
      servicesAreHealthy(cluster),
      ...dataIsSynchronized(),
      ...(version === undefined ? [] : [newVersionAnswers(cluster, version)]),
      resourcesAreUsual(cluster),
    ]),
  ];
}

function rightPrimary(): Unphased {
  return gate(`beyond the guide: what was written last is on the primary, whoever that is now`, {
    id: 'preflight.primary',
    title: 'The master’s database is the primary',
    checks: [masterIsPrimary.ref({})],
  });
}

function backupIsThere(of: string, { restored }: WayBack): Unphased[] {
  const [first] = restored;
  if (first === undefined) return [];
  const parts = restored.map(({ node, part }) => ({ node, part }));
  return [
    gate(`${guide} › Restore from Backup (looked at ahead)`, {
      id: 'preflight.backup',
      title: `The backup ${of} is there, whole and verified`,
      checks: [backupComplete.ref({ directory: first.directory, backup: of, parts, asked: 'verified' })],
    }),
  ];
}

function suspend(cluster: Cluster, { mayBeArmed }: WayBack): Unphased[] {
  const section = `${guide} › Stop Observer Service`;
  const { units } = cluster.observer;
  return [
    ...(mayBeArmed ? [observerIsQuiet('Pre-Upgrade Requirements › 1. Monitor HA Observer Logs')] : []),
    step(section, {
      id: 'suspend-failover',
      title: 'Suspend failover, or keep it suspended: stop and mask the observer',
      deviation: 'also masked, so that neither a reboot nor a habit starts it in the middle of the work',
      node: nodeOf(cluster, 'observer').name,
      action: { kind: 'suspendFailover', units, leaseMs: cluster.limits.suspensionMs },
      timeoutMs: minutes(2),
      before: mayBeArmed ? [observerQuiet.ref({})] : [],
      then: [failoverSuspended.ref({})],
      until: 'arm-failover',
      undo: noUndo(
        'failover stays suspended: nothing may fail over to what is half restored; baton failover arm arms it',
      ),
      predictedMs: observerMs,
    }),
  ];
}

/** In reverse of what was begun: the standby first, then the master. */
function stopAll(cluster: Cluster, { installed, services }: WayBack): Unphased[] {
  if (installed.length === 0) return [];
  const [master] = appNodes(cluster);
  return services.map((node) => {
    const role = node === master ? 'master' : 'standby';
    return stopServices(
      `${guide} › Restore from Backup: nothing may write into what is restored`,
      cluster.application,
      {
        id: `${role}.stop-services`,
        title: `Make sure that the services on ${node} are stopped`,
        node,
        until: role === 'master' ? 'master.start-services' : 'end',
        undo: noUndo(
          role === 'master'
            ? 'they stay stopped, since what they would work with is half restored; retry is the way on'
            : 'stopped is the steady state of the standby’s services',
        ),
        takesPortalDown: role === 'master',
      },
    );
  });
}

function restoreAll(cluster: Cluster, facts: RollbackFacts, way: WayBack): Unphased[] {
  const trees = way.restored.filter(({ part }) => part !== 'database');
  const databases = way.restored.filter(({ part }) => part === 'database');
  return [
    ...trees.map((part) => restoreTrees(cluster, facts, way, part)),
    ...databases.map((part) => restoreDatabase(cluster, facts, part)),
  ];
}

function restoreTrees(
  cluster: Cluster,
  facts: RollbackFacts,
  way: WayBack,
  { node, directory, part }: Restored,
): Unphased {
  const role = node === appNodes(cluster)[0] ? 'master' : 'standby';
  const { units } = cluster.application;
  const version = part === 'application' ? way.versions[node] : undefined;
  if (part === 'database') throw new Error('a database is no tree');
  return step(`${guide} › Restore from Backup, Reinstall Previous Version`, {
    id: `${role}.restore-${part}`,
    title: `Restore the ${part} on ${node}${version === undefined ? '' : ` to version ${version}`}`,
    deviation: `from the run’s own backup, which brings the previous version back as it was; ${cluster.files.root} is left as it is, so that no file is lost`,
    node,
    action: { kind: 'restoreFiles', directory, backup: facts.of, part, excludes: [] },
    timeoutMs: restoreTimeoutMs,
    before: [unitsStopped.ref({ node, units })],
    then: [
      partRestored.ref({ node, directory, backup: facts.of, part, run: '{{run}}' }),
      ...(version === undefined ? [] : [versionIs.ref({ nodes: [node], version })]),
    ],
    until: 'end',
    undo: noUndo('what it has replaced was the half upgraded one; retry is the way on'),
    takesPortalDown: role === 'master',
    predictedMs: restoreMs(facts, node, part),
  });
}

function restoreDatabase(cluster: Cluster, facts: RollbackFacts, { node, directory, part }: Restored): Unphased {
  const { name } = cluster.database;
  const backup = facts.of;
  return step(`${guide} › Restore from Backup`, {
    id: 'master.restore-database',
    title: `Restore the database ${name} on ${node}; the present one is set aside`,
    deviation:
      'the present database is kept under another name, with what was written since the backup, until baton run finalize',
    node,
    action: {
      kind: 'restoreDatabase',
      directory,
      backup,
      database: name,
      jobs: cluster.backup?.databaseJobs ?? 2,
      aside: asideName('{{run}}'),
    },
    timeoutMs: restoreTimeoutMs,
    before: [
      ...appNodes(cluster).map((one) => unitsStopped.ref({ node: one, units: cluster.application.units })),
      masterIsPrimary.ref({}),
    ],
    then: [
      partRestored.ref({ node, directory, backup, part, run: '{{run}}' }),
      rowsAsBackedUp.ref({ node, directory, backup }),
    ],
    until: 'master.start-services',
    undo: noUndo(`the database that was there is kept beside it as ${asideName('{{run}}')}; retry is the way on`),
    takesPortalDown: true,
    predictedMs: restoreMs(facts, node, part),
  });
}

function startAgain(cluster: Cluster, { services, installed }: WayBack, version: string | undefined): Unphased[] {
  const [master, standby] = appNodes(cluster);
  if (services.length === 0) return [];
  return [
    startServices(`${guide} › Restart Services`, master, cluster, version ?? null),
    ...(installed.includes(standby)
      ? [stayStopped(`${guide} › Restart Services: those of the standby stay stopped`, standby, cluster)]
      : []),
  ];
}

function caughtUp({ restored }: WayBack): Unphased[] {
  if (!restored.some(({ part }) => part === 'database')) return [];
  return [
    gate('beyond the guide: an observer that fails over to a standby which lags loses what it lags behind', {
      id: 'restored.replication',
      title: 'The restored database has reached the standby',
      checks: [replicationStreaming.ref({})],
      withinMs: catchUpMs,
      everyMs: seconds(5),
    }),
  ];
}

/** The run’s own test file, where it did not come to remove it. */
function removeTestFile(cluster: Cluster, { testFile }: WayBack): Unphased[] {
  if (testFile === undefined) return [];
  const [master] = appNodes(cluster);
  return [
    step('FileDB Sync Check › Test File Synchronization (removed again)', {
      id: 'verify.remove-file',
      title: `Remove the test file of the run on ${master}`,
      node: master,
      action: { kind: 'removeTestFile', ...testFile },
      timeoutMs: seconds(60),
      then: [fileGone.ref({ path: testFile.path })],
      thenWithinMs: seconds(60),
      until: 'end',
      undo: noUndo('the file was Baton’s own'),
      predictedMs: requestMs,
    }),
  ];
}

/** As fast as a disk of today is read, unpacked and written again. */
const bytesPerMs = 20_000;

function restoreMs({ parts }: RollbackFacts, node: string, part: string): number {
  const bytes = parts.find((one) => one.node === node && one.part === part)?.bytes ?? 0;
  return seconds(5) + Math.round(bytes / bytesPerMs);
}
