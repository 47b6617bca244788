// The databases of a simulated site: which servers a machine has, which one is in service, who streams from whom, and the
// machines' own record of what clients could write to. Whatever changes a server says so to `settle`.
import { type Cluster, nodeOf } from '../../../coordinator/cluster/cluster.ts';
import type { DatabaseRecord } from '../judge/evidence.ts';
import type { SimNode } from './node.ts';
import { catchUp, emptyServer, isBehind, otherPort, type SimServer, servicePort, writeLast } from './sim-server.ts';
import type { World } from './world.ts';

/** What lies on a machine's disk of its databases, of what other software is told of them, and of filedb. */
export interface NodeDatabases {
  servers: Map<number, SimServer>;
  /** Set aside, by major and run. */
  asides: Map<string, SimServer>;
  /** What was written down of a server, by the record's name. */
  records: Map<string, string>;
  /** Copies that were swapped in and not started yet, by major: what they are a copy of. */
  swapped: Map<number, string>;
  /** By file. */
  settings: Map<string, Map<string, string>>;
  /** Files in the synchronized folder that not every node has, with the time of their content. */
  filesOfOwn: Map<string, number>;
}

/** Of a place in `asides`. */
export const runOf = (place: string): string => place.replace(/^\d+-/, '');

export const installedMajors = [17, 18];
export const majorAtFirst = 17;
const identifier = '7300000000000000001';
const lsnAtFirst = 0x120000000;

/** It has failed over, and back again. */
const historyAtFirst = [0, 0x8000000, 0x100000000].map((fromLsn, at) => ({ branch: -at, timeline: at + 1, fromLsn }));

/** As in the steady state: a primary on the master, its standby, none on the observer. */
export function databasesAtFirst(node: string, cluster: Cluster): NodeDatabases {
  const masterName = nodeOf(cluster, 'master', 'db').name;
  const standbyName = nodeOf(cluster, 'standby', 'db').name;
  const has = {
    asides: new Map<string, SimServer>(),
    records: new Map<string, string>(),
    swapped: new Map<number, string>(),
    settings: new Map<string, Map<string, string>>(),
    filesOfOwn: new Map<string, number>(),
  };
  if (node !== masterName && node !== standbyName) return { servers: new Map(), ...has };
  const isStandby = node === standbyName;
  const server = emptyServer(majorAtFirst, identifier, {
    ...{ port: servicePort, isRunning: true, startsAtBoot: true, isCleanlyStopped: false, wasStarted: true },
    ...{ lsn: lsnAtFirst, history: historyAtFirst },
    ...(isStandby ? { isStandby, follows: masterName, slot: standbyName } : { slots: new Set([standbyName]) }),
  });
  return { servers: new Map([[majorAtFirst, server]]), ...has };
}

/** The server at the policy's port that runs; undefined where none does. */
export function serverInService(node: SimNode): SimServer | undefined {
  return [...node.databases.servers.values()].find(({ port, isRunning }) => isRunning && port === servicePort);
}

/** The server in service on the node that this one is told to follow, where it can; a fence lets replication pass. */
function sourceOf(server: SimServer, world: World): SimServer | undefined {
  const node = server.isRunning && server.isStandby ? world.nodes.get(server.follows) : undefined;
  const source = node && serverInService(node);
  if (source === undefined || source === server) return undefined;
  if (server.slot !== '' && !source.slots.has(server.slot)) return undefined;
  return isBehind(server, source) ? source : undefined;
}

/** The node whose changes reach this one's server in service now. */
export function streamsFrom(node: SimNode, world: World): string | undefined {
  const server = serverInService(node);
  return server && sourceOf(server, world) && server.follows;
}

/** What a stop leaves; clean unless the machine just goes down. */
export function stopServerOf(server: SimServer, world: World, isClean = true): void {
  if (!server.isRunning) return;
  settle(world);
  if (isClean) {
    writeLast(server);
    settle(world);
  }
  server.isRunning = false;
  server.isCleanlyStopped = isClean;
  settle(world);
}

/** Whether it runs then: only what is whole, not spent, and alone at its port. */
export function startServerOf(node: SimNode, server: SimServer, world: World): boolean {
  if (server.isRunning) return true;
  const isTaken = [...node.databases.servers.values()].some(({ port, isRunning }) => isRunning && port === server.port);
  if (!server.isWhole || server.isSpent || isTaken) return false;
  server.isRunning = true;
  server.isCleanlyStopped = false;
  server.wasStarted = true;
  for (const old of node.databases.servers.values())
    if (server.isLinked && old.major === server.upgradedFrom) old.isSpent = true;
  settle(world);
  return true;
}

export function setAtBoot(server: SimServer | undefined, startsAtBoot: boolean): void {
  if (server !== undefined) server.startsAtBoot = startsAtBoot;
}

/** Stopped, also after a boot. */
export function putAside(server: SimServer | undefined, world: World): void {
  setAtBoot(server, false);
  if (server !== undefined) stopServerOf(server, world);
}

/** Whatever else has the port gives it up; whether it runs then. */
export function serve(major: number, node: SimNode, world: World): boolean {
  const { servers } = node.databases;
  const server = servers.get(major);
  if (server === undefined) return false;
  if ([...servers.values()].some((other) => other !== server && other.isRunning && other.port === servicePort))
    return false;
  for (const other of servers.values()) other.port = other === server ? servicePort : otherPort;
  server.startsAtBoot = true;
  return startServerOf(node, server, world);
}

/** The server of a unit such as postgresql@17-main, where there is one; undefined of any other unit. */
export function serverOfUnit(node: SimNode, unit: string): { server: SimServer | undefined } | undefined {
  const major = /^postgresql@(\d+)-main$/.exec(unit)?.[1];
  return major === undefined ? undefined : { server: node.databases.servers.get(Number(major)) };
}

/** Standbys catch up, and each machine writes down what its database has become. */
export function settle(world: World): void {
  const nodes = [...world.nodes.values()];
  const standbys = nodes.flatMap((node) => serverInService(node) ?? []).filter(({ isStandby }) => isStandby);
  for (const server of standbys) {
    const source = sourceOf(server, world);
    if (source !== undefined && source.lsn !== server.lsn) catchUp(server, source);
  }
  for (const node of nodes) note(node, world);
}

function note(node: SimNode, world: World): void {
  const server = serverInService(node);
  const from = streamsFrom(node, world);
  const is = server === undefined ? 'down' : server.isStandby ? 'standby' : server.isFenced ? 'fenced' : 'primary';
  const last = world.databaseRecords.findLast((one) => one.node === node.name);
  if (node.databases.servers.size === 0 && last === undefined) return;
  if (last?.is === is && last.streamsFrom === from) return;
  const more: Partial<DatabaseRecord> = from === undefined ? {} : { streamsFrom: from };
  world.databaseRecords.push({ node: node.name, is, ...more, journaled: world.journaled() });
}
