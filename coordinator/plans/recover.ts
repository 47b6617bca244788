// Guide › Cluster Recovery, in its order: services stopped, restore, dependencies, services in order, observer last. Made
// from what is found; whatever was found is read again before it is touched, and nothing that was data is removed.
import { minutes, seconds } from '../../shared/units.ts';
import { backupComplete } from '../checks/backup-complete.ts';
import { dependenciesThere } from '../checks/dependencies-there.ts';
import { failoverSuspended } from '../checks/failover-suspended.ts';
import { observerQuiet } from '../checks/observer-quiet.ts';
import { osSupported } from '../checks/os-supported.ts';
import { replicationStreaming } from '../checks/replication-streaming.ts';
import { databaseNodes } from '../checks/server-facts.ts';
import { asFound, sidesAsFound } from '../checks/sides-as-found.ts';
import { versionCompatible } from '../checks/version-compatible.ts';
import { type Cluster, nodeOf } from '../cluster/cluster.ts';
import { armFailover, observerIsQuiet, whileSuspended } from './failover.ts';
import { gate, phase, step, type Unphased } from './items.ts';
import type { PlanItem } from './plan.ts';
import { observerMs } from './predictions.ts';
import { agents, appNodes } from './preflight.ts';
import { aheadOfStop, masterDatabase, standbyDatabase } from './recover-databases.ts';
import { versionOf } from './recover-hindrances.ts';
import { fenceSecond, mayBeSetAside } from './recover-second-side.ts';
import { mergeFiles, restoreApplications, serveAgain, standDown, stopOnMaster } from './recover-services.ts';
import { goOn, isReplaced, type RecoverFacts, type RecoverOptions, type Recovery, servicesOf } from './recovery.ts';
import { stayStopped } from './services.ts';
import {
  dataIsSynchronized,
  newVersionAnswers,
  resourcesAreUsual,
  servicesAreHealthy,
  testFileArrives,
  testTicketArrives,
} from './verification.ts';

const guide = 'Cluster Recovery';
/** A database that was made anew has to catch up with what was written meanwhile. */
const catchUpMs = minutes(60);

export function recover(cluster: Cluster, facts: RecoverFacts, options: RecoverOptions, way: Recovery): PlanItem[] {
  const standbyApp = appNodes(cluster)[1];
  return [
    ...phase('Preflight', [
      agents(),
      databasesAsFound(way),
      dependencies(cluster, way),
      ...backups(cluster, options),
      ...mayBeSetAside(way),
    ]),
    ...phase('Suspend failover', suspend(cluster, facts, way)),
    ...whileSuspended([
      ...phase('Fence', fenceSecond(way)),
      ...phase('Copy', aheadOfStop(cluster, way)),
      ...phase('Stop services', [
        standDown(cluster, way),
        ...stopOnMaster(cluster, way),
        gate(`beyond the guide: a failover that was under way has ended by now, one way or the other`, {
          id: 'stopped.databases',
          title: 'What is kept is still what the plan was made for',
          checks: [sidesAsFound.ref({ sides: way.isServedElsewhere ? ofStandby(way) : found(way) })],
          steadyForMs: seconds(5),
          withinMs: seconds(35),
          holdsForMs: minutes(60),
        }),
      ]),
      ...phase('Restore', [...restoreApplications(cluster, options), ...mergeFiles(cluster, way)]),
      ...phase('Database', masterDatabase(cluster, options, way)),
      ...phase('Start services', serveAgain(cluster, way)),
      ...phase('Standby', [
        ...standbyDatabase(cluster, way),
        gate(`beyond the guide: an observer that fails over to a standby which lags loses what it lags behind`, {
          id: 'standby.streaming',
          title: 'The standby streams from the master',
          checks: [replicationStreaming.ref({})],
          withinMs: catchUpMs,
          everyMs: seconds(2),
        }),
        stayStopped(`${guide} › Stop All Services: those of the standby stay stopped`, standbyApp, cluster),
      ]),
    ]),
    ...phase('Arm failover', [armFailover(`${guide} › Restart Observer`, cluster)]),
    ...phase('Verify', [
      servicesAreHealthy(cluster),
      ...dataIsSynchronized(),
      ...testTicketArrives(cluster),
      ...testFileArrives(cluster),
      versionAnswers(cluster, facts, options),
      resourcesAreUsual(cluster),
    ]),
  ];
}

const found = (way: Recovery) => [
  asFound(way.master, way.sides.master, isReplaced(way, 'master')),
  asFound(way.standby, way.sides.standby, isReplaced(way, 'standby')),
];

const ofStandby = ({ standby, sides }: Recovery) => [asFound(standby, sides.standby)];

function databasesAsFound(way: Recovery): Unphased {
  return gate('beyond the guide: who is primary is read, never assumed', {
    id: 'preflight.databases',
    title: 'Both databases are what the plan was made for',
    checks: [sidesAsFound.ref({ sides: found(way) })],
    withinMs: seconds(10),
  });
}

function dependencies(cluster: Cluster, { server }: Recovery): Unphased {
  const nodes = databaseNodes(cluster);
  const majorOn = (node: string) => (nodes.includes(node) ? server.major : 0);
  const withoutApplication = nodes.filter((node) => !appNodes(cluster).includes(node));
  return gate(`${guide} › Verify Dependencies (looked at ahead)`, {
    id: 'preflight.dependencies',
    title: 'Everything that the services need is installed',
    checks: [
      osSupported.ref({ nodes: appNodes(cluster) }),
      ...appNodes(cluster).map((node) =>
        dependenciesThere.ref({ node, units: servicesOf(cluster), major: majorOn(node) }),
      ),
      ...withoutApplication.map((node) =>
        dependenciesThere.ref({
          node,
          units: [cluster.database.unit.replaceAll('{major}', String(server.major))],
          major: server.major,
        }),
      ),
    ],
  });
}

function backups(cluster: Cluster, { applicationFrom, databaseFrom }: RecoverOptions): Unphased[] {
  const { backup } = cluster;
  if (backup === undefined) return [];
  const parts = [
    ...(applicationFrom === undefined
      ? []
      : appNodes(cluster).map((node) => ({ of: applicationFrom, node, part: 'application' }))),
    ...(databaseFrom === undefined ? [] : [{ of: databaseFrom, node: databaseNodes(cluster)[0], part: 'database' }]),
  ];
  if (parts.length === 0) return [];
  return [
    gate(`${guide} › Restore from Backup (looked at ahead)`, {
      id: 'preflight.backup',
      title: 'The backup is there, whole and verified',
      checks: parts.map(({ of, node, part }) =>
        backupComplete.ref({ directory: backup.directory, backup: of, parts: [{ node, part }], asked: 'verified' }),
      ),
    }),
  ];
}

/** An observer that watches a broken cluster is never quiet, so only one of a whole cluster is waited for. */
function suspend(cluster: Cluster, { failover }: RecoverFacts, way: Recovery): Unphased[] {
  const { units } = cluster.observer;
  const isWaitedFor = failover !== 'suspended' && (way.isServing || way.isServedElsewhere);
  return [
    ...(isWaitedFor ? [observerIsQuiet('Pre-Upgrade Requirements › 1. Monitor HA Observer Logs')] : []),
    step(`${guide}: before anything is stopped, the observer`, {
      id: 'suspend-failover',
      title: 'Suspend failover, or keep it suspended: stop and mask the observer',
      deviation: isWaitedFor
        ? 'also masked, so that neither a reboot nor a habit starts it in the middle of the work'
        : 'also masked; not waited until it is quiet, which an observer of a broken cluster never is: what it had begun is looked at once everything is stopped',
      node: nodeOf(cluster, 'observer').name,
      action: { kind: 'suspendFailover', units, leaseMs: cluster.limits.suspensionMs },
      timeoutMs: minutes(2),
      before: isWaitedFor ? [observerQuiet.ref({})] : [],
      then: [failoverSuspended.ref({})],
      until: 'arm-failover',
      undo: goOn('failover stays suspended: nothing may fail over to what is half recovered'),
      predictedMs: observerMs,
    }),
  ];
}

/** The version that is there; what a backup brings back is not known before, but is one and the same on both. */
function versionAnswers(cluster: Cluster, facts: RecoverFacts, { applicationFrom }: RecoverOptions): Unphased {
  if (applicationFrom === undefined) return newVersionAnswers(cluster, versionOf(facts, appNodes(cluster)[0]));
  return gate('Post-Upgrade › Step 3: Application Access', {
    id: 'verify.version',
    title: 'Both nodes have one version of the application',
    checks: [versionCompatible.ref({ nodes: appNodes(cluster), toVersion: null })],
  });
}
