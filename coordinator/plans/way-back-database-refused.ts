// Why there is no way back from a database upgrade as things are, each a sentence that names what to do. Pure.
import { formatSize } from '../../shared/units.ts';
import { neededBesides } from '../checks/room-for-server.ts';
import { databaseNodes, describeServer, inService, nameOf } from '../checks/server-facts.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { directoryIn, type RollbackFacts } from './way-back.ts';
import { isUnread, madeOn, type ServersWay, serverOn, wayBackOfDatabase, whyNoSource } from './way-back-database.ts';

export function databaseHindrances(cluster: Cluster, facts: RollbackFacts): string[] {
  const way = wayBackOfDatabase(cluster, facts);
  if (!way.isTouched) return [];
  const unread = unreadServers(cluster, facts);
  if (unread.length > 0) return unread;
  return [...movedPrimaries(cluster, facts), ...backupMissing(cluster, facts, way), ...cramped(cluster, facts, way)];
}

/** Whether a later try may find what an absent agent hides now. */
export const isAway = (cluster: Cluster, { servers }: RollbackFacts): boolean =>
  databaseNodes(cluster).some((node) => {
    const now = servers?.[node];
    return isUnread(now) && now.isAway;
  });

function unreadServers(cluster: Cluster, { servers }: RollbackFacts): string[] {
  return databaseNodes(cluster).flatMap((node) => {
    const now = servers?.[node];
    if (now !== undefined && !isUnread(now)) return [];
    const why = now === undefined ? 'it was not asked' : now.unread;
    return [
      `${node}: its PostgreSQL servers could not be read (${why}); make it answer, since nobody assumes what is there`,
    ];
  });
}

/** Who has what was written last is nothing that a program may guess. */
function movedPrimaries(cluster: Cluster, { servers, of }: RollbackFacts): string[] {
  const [master, standby] = databaseNodes(cluster);
  const serving = (node: string) => {
    const list = servers?.[node];
    return list === undefined || isUnread(list) ? undefined : inService(list, cluster.database.port);
  };
  const [own, other] = [serving(master), serving(standby)];
  const recover = `decide which of them has the right data; baton recover ${cluster.cluster} shows both and brings the roles back`;
  if (own?.inRecovery === true)
    return [
      `${master}: ${describeServer(own)}, though it is the master: the roles have moved since run ${of}; ${recover}`,
    ];
  if (other !== undefined && other.inRecovery === false && !other.isFenced)
    return [
      `${standby}: ${describeServer(other)}, and clients may reach it: what it has may have been written last; ${recover}`,
    ];
  return [];
}

function backupMissing(cluster: Cluster, facts: RollbackFacts, way: ServersWay): string[] {
  if (way.master !== 'restore') return [];
  const { of, plan, parts } = facts;
  const { from, to, name } = way;
  const [master, standby] = databaseNodes(cluster);
  const lost = serverOn(facts, master, from, name);
  const spent =
    lost === undefined
      ? `${master} has no server ${from}/${name} any more`
      : `${nameOf(lost)} on ${master} shares its files with ${to}/${name}, which was started`;
  const why = `${spent}, and ${whyNoSource(facts, { from, name, master, standby }) ?? ''}`;
  const directory = directoryIn(plan);
  if (directory === undefined)
    return [
      `${why}; run ${of} took no backup, so the way back is a backup of your own or a VM snapshot of both nodes, by hand (Guide › Rollback to Previous Version)`,
    ];
  const part = parts.find((one) => one.node === master && one.part === 'database' && one.complete);
  const path = `${directory}/${of}/database`;
  if (part === undefined) return [`${why}; ${master}: ${path} is not there or not whole: bring it back there`];
  return part.verifiedAtMs === undefined
    ? [
        `${why}; ${master}: ${path} was never verified, so nobody knows whether it can be restored: baton backup verify ${cluster.cluster} ${of}`,
      ]
    : [];
}

/** Before the newer server is stopped, which is all that clients have. */
function cramped(cluster: Cluster, facts: RollbackFacts, way: ServersWay): string[] {
  const lists = databaseNodes(cluster).flatMap((node) => {
    const list = facts.servers?.[node];
    return list === undefined || isUnread(list) ? [] : [{ node, list }];
  });
  const neededBytes = neededBesides(
    lists.map(({ list }) => list),
    way,
  );
  if (neededBytes === undefined) return [];
  const wanted = madeOn(cluster, way);
  return lists
    .filter(({ node, list }) => wanted.includes(node) && list.freeBytes < neededBytes)
    .map(
      ({ node, list }) =>
        `${node}: ${formatSize(list.freeBytes)} free, making ${nameOf({ ...way, major: way.from })} there anew needs ${formatSize(neededBytes)} beside what is there: make room`,
    );
}
