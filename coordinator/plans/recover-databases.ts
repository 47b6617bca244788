// Of a recovery: the database that is kept comes to the master, the other one is set aside and becomes its standby. Before
// anything is touched, both are read again; what the other side has that is not kept needs a yes.
import { minutes, seconds } from '../../shared/units.ts';
import { noOpenPrimary } from '../checks/no-open-primary.ts';
import { partRestored } from '../checks/part-restored.ts';
import { serverHasAll } from '../checks/server-has-all.ts';
import { serverInService } from '../checks/server-in-service.ts';
import { asFound, sidesAsFound } from '../checks/sides-as-found.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { isKnown, type Side } from '../databases/side.ts';
import { setSettings } from './database-settings.ts';
import { gate, type Unphased } from './items.ts';
import { serverMs } from './predictions.ts';
import { goOn, isReplaced, type RecoverOptions, type Recovery, sideAt } from './recovery.ts';
import { databaseCopyTimeoutMs, jobsOf, made, startServer, stopServer } from './servers.ts';
import { copyServer, createSlot, rebuildStandby, unfenceServer } from './standby-servers.ts';

const guide = 'Cluster Recovery';
const direction = `${guide}: replication re-established in the right direction`;

/** Ends with the master's database as the primary, or as a standby that only has to be promoted. */
export function masterDatabase(cluster: Cluster, options: RecoverOptions, way: Recovery): Unphased[] {
  switch (way.ofMaster) {
    case 'leave':
      return [...stopped(way, 'standby'), ...opened(way, 'master', way.master)];
    case 'start':
      return [...stopped(way, 'standby'), ...started(way, 'master', 'primary', 'end'), ...hasAll(way)];
    case 'promote':
      return [...stopped(way, 'standby'), ...started(way, 'master', 'standby', 'master.take-over')];
    case 'copy':
      return [...(way.isServedElsewhere ? [] : copied(cluster, way)), ...switchedOver(way)];
    case 'restore':
      return restored(cluster, options, way);
  }
}

/** One that is set aside is stopped before, so that at no time two are written (I6). */
function stopped(way: Recovery, role: 'master' | 'standby'): Unphased[] {
  const { node, side } = sideAt(way, role);
  if (!isReplaced(way, role) || !isKnown(side) || !side.isRunning) return [];
  const { major, name } = side.server;
  return [
    stopServer(
      'beyond the guide: never two writable primaries',
      { node, major, name },
      {
        id: `${role}.stop-database`,
        title: `Stop the database on ${node}: it is made anew`,
        before: [sidesAsFound.ref({ sides: [asFound(node, side)] })],
        undo: goOn('a second primary must not serve'),
        until: role === 'master' ? replacedBy(way) : 'standby.rebuild-database',
        takesPortalDown: role === 'master' && !way.isServing && !way.isServedElsewhere,
        predictedMs: serverMs,
      },
    ),
  ];
}

const replacedBy = ({ ofMaster }: Recovery): string =>
  ofMaster === 'restore' ? 'master.restore-database' : 'master.copy-database';

function started(way: Recovery, role: 'master' | 'standby', as: 'primary' | 'standby', until: string): Unphased[] {
  const { node, side } = sideAt(way, role);
  if (!isKnown(side)) return [];
  const { major, name, isFenced } = side.server;
  if (side.isRunning) return opened(way, role, node);
  return [
    startServer(
      `${guide} › Restart Services: the database first`,
      { node, major, name, as, fenced: isFenced },
      {
        id: `${role}.start-database`,
        title: `Start the database on ${node}`,
        before: [sidesAsFound.ref({ sides: [asFound(node, side)] })],
        undo: goOn('a running database is where every ending leads'),
        until: isFenced ? `${role}.unfence-database` : until,
        takesPortalDown: !way.isServing,
        predictedMs: serverMs,
      },
    ),
    ...opened(way, role, node),
  ];
}

/** A fence that a run has left keeps clients and standbys out. */
function opened(way: Recovery, role: 'master' | 'standby', node: string): Unphased[] {
  const { side } = sideAt(way, role);
  if (!isKnown(side) || !side.server.isFenced) return [];
  const { major, name } = side.server;
  return [
    unfenceServer(
      'beyond the guide: a run has kept clients out',
      { node, major, name, as: side.is },
      {
        id: `${role}.unfence-database`,
        title: `Let clients reach the database on ${node} again`,
        undo: goOn('nobody could use it fenced'),
        until: 'end',
        predictedMs: seconds(5),
      },
    ),
  ];
}

/** A crashed primary tells only once it runs how far it had come. */
function hasAll({ master, standby, sides }: Recovery): Unphased[] {
  if (!isKnown(sides.standby) || sides.standby.is !== 'standby') return [];
  return [
    gate('beyond the guide: the newer side is never overwritten by an older one', {
      id: 'master.has-all',
      title: `${master} has everything that ${standby} has`,
      checks: [serverHasAll.ref({ node: master, of: standby })],
      withinMs: minutes(1),
    }),
  ];
}

/** What can be done while clients are still served by the standby’s node, which a large database makes long. */
export const aheadOfStop = (cluster: Cluster, way: Recovery): Unphased[] =>
  way.isServedElsewhere ? copied(cluster, way) : [];

/**
 * As a standby first and promoted only when the source is stopped and everything of it has arrived: a copy that was a
 * primary at once would lack what was written while it was made.
 */
function copied(cluster: Cluster, way: Recovery): Unphased[] {
  const { master, standby, server, sides } = way;
  const { side } = sideAt(way, 'standby');
  const takesPortalDown = !way.isServedElsewhere;
  if (!isKnown(side)) throw new Error('what is copied from has no database');
  return [
    ...stopped(way, 'master'),
    ...started(way, 'standby', side.is, 'standby.stop-source'),
    createSlot(direction, standby, master, {
      id: 'master.create-slot',
      title: `Keep what ${master} will need on ${standby}`,
      undo: goOn('a slot of a node that is a standby'),
      until: 'master.copy-database',
      takesPortalDown,
    }),
    copyServer(
      direction,
      cluster,
      { node: master, ...server },
      { source: standby, asStandby: true, keep: true },
      {
        id: 'master.copy-database',
        title: `Copy the database of ${standby} to ${master}; what was there is set aside`,
        deviation: 'what was there stays beside it until baton run finalize',
        before: [sidesAsFound.ref({ sides: [asFound(standby, side)] }), noOpenPrimary.ref({ node: master })],
        redo: ['master.create-slot'],
        undo: goOn('what it has replaced is kept beside it'),
        until: 'master.take-over',
        takesPortalDown,
        predictedMs: copyMs(side.server.bytes),
      },
    ),
    ...settingsOf(cluster, way, 'master', sides.master),
  ];
}

/** Not a row is written to the source any more, and the copy has every one. */
function switchedOver({ master, standby, server }: Recovery): Unphased[] {
  return [
    stopServer(
      'beyond the guide: never two writable primaries',
      { node: standby, ...server },
      {
        id: 'standby.stop-source',
        title: `Stop the database on ${standby}, which sends the last of what it has`,
        before: [serverInService.ref({ node: master, ...server, as: 'standby' })],
        undo: goOn('its place is taken by the master’s'),
        until: 'standby.rebuild-database',
        takesPortalDown: true,
        predictedMs: serverMs,
      },
    ),
    gate('beyond the guide: not a row is lost between the copy and the switch', {
      id: 'master.has-all',
      title: `${master} has everything that ${standby} had`,
      checks: [serverHasAll.ref({ node: master, of: standby })],
      withinMs: minutes(5),
      holdsForMs: minutes(60),
    }),
  ];
}

function restored(cluster: Cluster, { databaseFrom = '' }: RecoverOptions, way: Recovery): Unphased[] {
  const { master, server } = way;
  const { backup, database } = cluster;
  if (backup === undefined) throw new Error('nothing is restored without a backup');
  const { directory } = backup;
  return [
    ...stopped(way, 'standby'),
    ...stopped(way, 'master'),
    made(
      `${guide} › Restore from Backup`,
      master,
      {
        id: 'master.restore-database',
        title: `Restore the database on ${master} from the backup ${databaseFrom}; what was there is set aside`,
        deviation: 'what was there stays beside it until baton run finalize',
        undo: goOn('what it has replaced is kept beside it'),
        until: 'end',
        takesPortalDown: true,
        predictedMs: minutes(10),
      },
      {
        action: {
          ...{ kind: 'restoreServer', directory, backup: databaseFrom, database: database.name, ...server },
          ...{ jobs: jobsOf(cluster), run: '{{run}}' },
        },
        timeoutMs: databaseCopyTimeoutMs,
        then: [
          serverInService.ref({ node: master, ...server, as: 'primary' }),
          partRestored.ref({ node: master, directory, backup: databaseFrom, part: 'database', run: '{{run}}' }),
        ],
        thenWithinMs: minutes(1),
      },
    ),
    ...settingsOf(cluster, way, 'master', way.sides.master),
  ];
}

/** Other software must know which server it is, before it works with it. */
function settingsOf(cluster: Cluster, way: Recovery, role: 'master' | 'standby', side: Side): Unphased[] {
  const { server } = way;
  if (isKnown(side) && side.server.major === server.major) return [];
  return setSettings('Step 3: Reconfigure HA', cluster, {
    id: `${role}.settings`,
    node: sideAt(way, role).node,
    major: server.major,
    back: goOn('they name the version that is there'),
    takesPortalDown: role === 'master' && !way.isServedElsewhere,
  });
}

/** The standby follows the master: as it is, started, or made anew. */
export function standbyDatabase(cluster: Cluster, way: Recovery): Unphased[] {
  const { master, standby, server, sides } = way;
  switch (way.ofStandby) {
    case 'leave':
      return opened(way, 'standby', standby);
    case 'start':
      return started(way, 'standby', 'standby', 'end');
    case 'copy':
      return [
        createSlot(direction, master, standby, {
          id: 'standby.create-slot',
          title: `Keep what ${standby} will need on ${master}`,
          undo: goOn('a slot of a node that is a standby'),
          until: 'standby.rebuild-database',
        }),
        rebuildStandby(
          direction,
          cluster,
          { node: standby, ...server, source: master, keep: true },
          {
            id: 'standby.rebuild-database',
            title: `Make ${standby} a standby of ${master} anew${sides.standby.is === 'lost' ? '' : '; what was there is set aside'}`,
            deviation: 'what was there stays beside it until baton run finalize',
            before: [serverInService.ref({ node: master, ...server, as: 'primary' })],
            redo: ['standby.create-slot'],
            undo: goOn('what it has replaced is kept beside it'),
            until: 'end',
            predictedMs: copyMs(bytesOf(way)),
          },
        ),
        ...settingsOf(cluster, way, 'standby', sides.standby),
      ];
  }
}

/** A disk of today reads and writes this while it does other things. In powers of two: it is no more than a guess. */
const copyMs = (bytes: number): number => serverMs + Math.round(2 ** Math.ceil(Math.log2(Math.max(bytes, 1))) / 50_000);

function bytesOf({ sides }: Recovery): number {
  const sizes = [sides.master, sides.standby].map((side) => (isKnown(side) ? side.server.bytes : 0));
  return Math.max(...sizes);
}
