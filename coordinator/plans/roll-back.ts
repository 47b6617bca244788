// Guide › Rollback to Previous Version, in its order: observer, restore, services, observer. Compiled from what a run has
// begun; every step may be carried out again, and what it replaces is never lost.

import { minutes, seconds } from '../../shared/units.ts';
import { backupComplete } from '../checks/backup-complete.ts';
import { databaseUnchanged } from '../checks/database-unchanged.ts';
import { replicationStreaming } from '../checks/replication-streaming.ts';
import { slotsWhole } from '../checks/slots-whole.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { armFailover, whileSuspended } from './failover.ts';
import { gate, noUndo, phase, type Unphased } from './items.ts';
import type { PlanItem } from './plan.ts';
import { agents, appNodes } from './preflight.ts';
import { reinstallAll, schemaIsLeft, stagePrevious } from './reinstall.ts';
import { restoreDatabase, restoreTrees } from './restore.ts';
import { guide, removeTestFile, rightPrimary, suspend } from './roll-back-around.ts';
import { roomForRestore } from './room-for-backup.ts';
import { sanityAfter } from './sanity.ts';
import { startServices, stayStopped, stopServices } from './services.ts';
import { dataIsSynchronized, newVersionAnswers, resourcesAreUsual, servicesAreHealthy } from './verification.ts';
import { type RollbackFacts, type WayBack, wayBack } from './way-back.ts';

/** A database that was restored as a whole has to reach the standby as a whole. */
const catchUpMs = minutes(60);

/** The way back from an upgrade of the application. */
export function rollBack(cluster: Cluster, facts: RollbackFacts): PlanItem[] {
  const way = wayBack(cluster, facts);
  const version = way.versions[appNodes(cluster)[0]];
  return [
    ...phase('Preflight', [agents(), rightPrimary(), ...backupIsThere(facts.of, way), ...roomIsThere(way)]),
    ...phase('Stage', stagePrevious(cluster, way)),
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
      ...schemaIsLeft(cluster, facts, way),
      ...sanityAfter(cluster, false),
      resourcesAreUsual(cluster),
    ]),
  ];
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

function roomIsThere({ restored }: WayBack): Unphased[] {
  return restored.some(({ part }) => part === 'database') ? [roomForRestore()] : [];
}

/** In reverse of what was begun: the standby first, then the master. */
function stopAll(cluster: Cluster, { installed, services, reinstalled }: WayBack): Unphased[] {
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
        until: untilWhen(role, reinstalled !== undefined && installed.includes(node)),
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

/** What starts them again, if anything does: an installer starts services by itself. */
function untilWhen(role: 'master' | 'standby', isReinstalled: boolean): string {
  if (isReinstalled) return `${role}.install`;
  return role === 'master' ? 'master.start-services' : 'end';
}

function restoreAll(cluster: Cluster, facts: RollbackFacts, way: WayBack): Unphased[] {
  const trees = way.restored.filter(({ part }) => part !== 'database');
  const databases = way.restored.filter(({ part }) => part === 'database');
  const kept = keepDatabase(cluster, way);
  if (way.reinstalled !== undefined) return [...kept, ...reinstallAll(cluster, facts, way, way.reinstalled)];
  return [
    ...kept,
    ...trees.map((part) => restoreTrees(cluster, facts, way, part)),
    ...databases.map((part) => restoreDatabase(cluster, facts, part)),
  ];
}

function keepDatabase({ database }: Cluster, { kept }: WayBack): Unphased[] {
  if (kept === undefined) return [];
  return [
    gate(`${guide} › Restore from Backup`, {
      id: 'master.keep-database',
      title: `The database ${database.name} is kept: ${kept.noted === null ? 'its schema is the backup’s' : 'nothing was written to it since the installer was about to start'}`,
      deviation: 'not restored, so that nothing is put aside for nothing',
      checks: [databaseUnchanged.ref({ schemaDigest: kept.schemaDigest, noted: kept.noted })],
    }),
  ];
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
    gate('beyond the guide: a standby that has lost the primary never catches up', {
      id: 'restored.slots',
      title: 'The standby has not lost the primary',
      checks: [slotsWhole.ref({})],
    }),
    gate('beyond the guide: an observer that fails over to a standby which lags loses what it lags behind', {
      id: 'restored.replication',
      title: 'The restored database has reached the standby',
      checks: [replicationStreaming.ref({})],
      withinMs: catchUpMs,
      everyMs: seconds(5),
    }),
  ];
}
