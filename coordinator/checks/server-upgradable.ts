// Both databases can be brought to another major version: the same one serves on both now, the new one is installed beside
// it, nothing is in its place, and there is room. What pg_upgrade itself finds comes after this.
import { z } from 'zod';
import { formatSize } from '../../shared/units.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { defineCheck, judgeEach } from './define.ts';
import {
  databaseNodes,
  describeServer,
  find,
  inService,
  nameOf,
  type Server,
  type ServerList,
} from './server-facts.ts';

/** A copy of the data grows by what the new version keeps of its own, and needs some log of changes. */
const copyFactor = 1.1;
const spareBytes = 1024 ** 3;

interface Asked {
  from: number;
  to: number;
  name: string;
  mode: 'copy' | 'link';
  /** How the standby comes to the new version; either way it is a copy of the upgraded master at last. */
  standby: 'promote' | 'rebuild';
}

export const serverUpgradable = defineCheck({
  id: 'server-upgradable',
  title: 'PostgreSQL can be upgraded',
  section: 'Database Upgrade Steps › Standalone PostgreSQL Upgrade Guide',
  severity: 'blocking',
  remedy:
    'Install the packages of the new version on the node (server and the extensions that are used), or make room.',
  neverAccepted: 'the upgrade of the server would fail half way',
  params: z.strictObject({
    from: z.number(),
    to: z.number(),
    name: z.string(),
    mode: z.enum(['copy', 'link']),
    standby: z.enum(['promote', 'rebuild']),
  }),
  words: ({ from, to, name, mode, standby }, cluster) =>
    `${databaseNodes(cluster).join(', ')}: PostgreSQL ${from}/${name} serves, ${to} is installed and has no server ${name} yet, ${
      mode === 'link' ? 'on the same file system, ' : ''
    }${databaseNodes(cluster)
      .map((node, index) => ({ node, copies: copiesOn(index === 0, mode, standby) }))
      .filter(({ copies }) => copies > 0)
      .map(
        ({ node, copies }) =>
          `${round(copies * copyFactor)} × the data and ${formatSize(spareBytes)} are free on ${node}`,
      )
      .join(', ')}`,
  *evaluate(asked, { cluster }) {
    const limit = `${asked.from}/${asked.name} serves, ${asked.to} can be made beside it by ${asked.mode}`;
    const [master] = databaseNodes(cluster);
    return yield* judgeEach(databaseNodes(cluster), { kind: 'readServers' }, limit, (list, node) => {
      const why = whyNot(list, asked, cluster, node === master);
      if (why !== undefined) return { ...why, verdict: 'fail' };
      const server = inService(list, cluster.database.port);
      return {
        reading: `${asked.from}/${asked.name} serves, ${formatSize(server?.bytes ?? 0)}; ${formatSize(list.freeBytes)} free`,
        verdict: 'pass',
      };
    });
  },
});

interface Reason {
  reading: string;
  remedy?: string;
}

function whyNot(list: ServerList, asked: Asked, cluster: Cluster, isMaster: boolean): Reason | undefined {
  const { from, to, name } = asked;
  const { port } = cluster.database;
  const server = inService(list, port);
  if (server === undefined) return { reading: `no server runs at port ${port}` };
  if (server.major !== from || server.name !== name)
    return { reading: `${describeServer(server)}, not ${from}/${name}` };
  if (!cluster.supported.postgresql.includes(to))
    return {
      reading: `PostgreSQL ${to} is not supported`,
      remedy: `Upgrade to one of supported.postgresql: ${cluster.supported.postgresql.join(', ')}.`,
    };
  if (!list.installedMajors.includes(to))
    return { reading: `PostgreSQL ${to} is not installed (${list.installedMajors.join(', ') || 'none'} is)` };
  const inTheWay = find(list, to, name);
  if (inTheWay !== undefined) return { reading: `${nameOf(inTheWay)} is there already`, remedy: removalOf(inTheWay) };
  return whyNoRoom(list, server, asked, isMaster);
}

/** Whole copies of the data that are made on a node beside what is there. */
const copiesOn = (isMaster: boolean, mode: Asked['mode'], standby: Asked['standby']): number =>
  (mode === 'copy' && (isMaster || standby === 'promote') ? 1 : 0) + (isMaster ? 0 : 1);

const round = (factor: number): number => Math.round(factor * 10) / 10;

function whyNoRoom(
  list: ServerList,
  server: Server,
  { to, mode, standby }: Asked,
  isMaster: boolean,
): Reason | undefined {
  if (mode === 'link' && !list.linkableMajors.includes(to))
    return {
      reading: `${server.dataDirectory} is on another file system than the data of ${to} would be`,
      remedy: 'Files cannot be linked across file systems: upgrade with --mode copy.',
    };
  const copies = copiesOn(isMaster, mode, standby);
  const neededBytes = copies === 0 ? 0 : copies * server.bytes * copyFactor + spareBytes;
  if (list.freeBytes >= neededBytes) return undefined;
  const less = copies > 1 ? ', or upgrade with --standby rebuild' : isMaster ? ', or upgrade with --mode link' : '';
  return {
    reading: `${formatSize(list.freeBytes)} free, ${formatSize(neededBytes)} needed for ${copies === 1 ? 'a copy' : `${copies} copies`} of ${formatSize(server.bytes)}${isMaster ? '' : ', since the standby is a copy of the upgraded master at last'}`,
    remedy: `Make room on the file system of the data${less}.`,
  };
}

/** Debian's packages make a server of their own when they are installed; an earlier upgrade leaves what it was taken back from. */
const removalOf = (server: Server): string =>
  server.upgradedBy === ''
    ? `If nobody uses it (the package makes an empty one when it is installed), remove it on the node: pg_dropcluster --stop ${server.major} ${server.name} on Debian and Ubuntu, its data directory on RHEL.`
    : `It is what ${server.upgradedBy} made, and was taken back from: give it up with baton run finalize of the rollback of that run; where that run was only aborted, baton run rollback ${server.upgradedBy} before.`;
