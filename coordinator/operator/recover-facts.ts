// What a recovery's plan is made from: both nodes as they are now, each reading for itself, since in a broken cluster some of
// them fail. What could not be read is said so; nothing is assumed. Reads only.
import type { ActionOf } from '../../shared/actions/action.ts';
import { serverDatabase } from '../../shared/actions/sql.ts';
import type { Failure } from '../../shared/failures.ts';
import { answerOf, isFailure } from '../checks/check.ts';
import { databaseNodes } from '../checks/server-facts.ts';
import type { Cluster } from '../cluster/cluster.ts';
import type { ServersFound } from '../databases/side.ts';
import type { Fleet } from '../fleet/fleet.ts';
import { appNodes } from '../plans/preflight.ts';
import {
  type ApplicationFound,
  type MissingFiles,
  type RecoverFacts,
  type RecoverOptions,
  servicesOf,
} from '../plans/recovery.ts';
import { lookAtFailover } from '../runs/look-now.ts';

const readTimeoutMs = 15_000;
/** Counting a large table, comparing many files: without them a plan is made all the same. */
const countTimeoutMs = 30_000;
const compareTimeoutMs = 60_000;

export async function readRecoverFacts(fleet: Fleet, cluster: Cluster, options: RecoverOptions): Promise<RecoverFacts> {
  const [failover, databases, applications, missing, backups] = await Promise.all([
    lookAtFailover(fleet, cluster),
    each(databaseNodes(cluster), (node) => databaseOn(fleet, node)),
    each(appNodes(cluster), (node) => applicationOn(fleet, cluster, node)),
    each(appNodes(cluster), (node) => missingOn(fleet, cluster, node)),
    backupsFor(fleet, cluster, options),
  ]);
  const rows = await each(databaseNodes(cluster), (node) => rowsOn(fleet, cluster, node));
  return { failover, databases, applications, backups, missing: known(missing), rows: known(rows) };
}

async function each<T>(nodes: string[], read: (node: string) => Promise<T>): Promise<Record<string, T>> {
  const values = await Promise.all(nodes.map(async (node): Promise<[string, T]> => [node, await read(node)]));
  return Object.fromEntries(values);
}

const known = <T>(values: Record<string, T | undefined>): Record<string, T> =>
  Object.fromEntries(Object.entries(values).filter((entry): entry is [string, T] => entry[1] !== undefined));

const unread = ({ code, message }: Failure) => ({ unread: message, isAway: code === 'unreachable' });

async function databaseOn(fleet: Fleet, node: string): Promise<ServersFound> {
  const [list, replication] = await Promise.all([
    fleet.read(node, { kind: 'readServers' }, readTimeoutMs).then((read) => answerOf(read, 'readServers')),
    fleet
      .read(node, { kind: 'readReplication', database: serverDatabase }, readTimeoutMs)
      .then((read) => answerOf(read, 'readReplication')),
  ]);
  if (isFailure(list)) return unread(list);
  const streams = !isFailure(replication) && replication.inRecovery && replication.receiverStatus === 'streaming';
  const { servers, installedMajors, freeBytes } = list;
  return { servers, installedMajors, freeBytes, streams };
}

async function applicationOn(fleet: Fleet, cluster: Cluster, node: string): Promise<ApplicationFound> {
  const { file, pattern } = cluster.application.version;
  const units = { kind: 'readUnits', units: servicesOf(cluster) } as const;
  const [states, facts, version] = await Promise.all([
    fleet.read(node, units, readTimeoutMs).then((read) => answerOf(read, 'readUnits')),
    fleet.read(node, { kind: 'readNode' }, readTimeoutMs).then((read) => answerOf(read, 'readNode')),
    fleet
      .read(node, { kind: 'readVersion', file, pattern }, readTimeoutMs)
      .then((read) => answerOf(read, 'readVersion')),
  ]);
  if (isFailure(states)) return unread(states);
  if (isFailure(facts)) return unread(facts);
  // Without its file there is no version, which is no reason not to look at the rest.
  return {
    version: isFailure(version) ? '' : version.version,
    units: states.units,
    addresses: facts.addresses,
  };
}

async function missingOn(fleet: Fleet, cluster: Cluster, node: string): Promise<MissingFiles | undefined> {
  const other = appNodes(cluster).find((one) => one !== node);
  const from = cluster.nodes.find(({ name }) => name === other)?.address ?? '';
  const action: ActionOf<'readMissingFiles'> = { kind: 'readMissingFiles', root: cluster.files.root, from };
  const answer = answerOf(await fleet.read(node, action, compareTimeoutMs), 'readMissingFiles');
  return isFailure(answer) ? undefined : answer;
}

async function rowsOn(
  fleet: Fleet,
  { database: { name: database, parity: tables } }: Cluster,
  node: string,
): Promise<RecoverFacts['rows'][string] | undefined> {
  const action = { kind: 'countRows', database, tables } as const;
  const counted = answerOf(await fleet.read(node, action, countTimeoutMs), 'countRows');
  return isFailure(counted) ? undefined : counted.tables;
}

/** Those that are named, on the nodes that they would be restored on. */
async function backupsFor(
  fleet: Fleet,
  cluster: Cluster,
  { applicationFrom, databaseFrom }: RecoverOptions,
): Promise<RecoverFacts['backups']> {
  const wanted = [applicationFrom, databaseFrom].filter((run) => run !== undefined);
  const { backup } = cluster;
  if (backup === undefined || wanted.length === 0) return [];
  const nodes = [...new Set([...appNodes(cluster), ...databaseNodes(cluster)])];
  const lists = await Promise.all(
    nodes.map(async (node) => {
      const action = { kind: 'readBackups', directory: backup.directory } as const;
      const list = answerOf(await fleet.read(node, action, readTimeoutMs), 'readBackups');
      return isFailure(list) ? [] : list.parts.map((part) => ({ ...part, node }));
    }),
  );
  return lists.flat().filter((part) => wanted.includes(part.backup));
}
