// What the checks about PostgreSQL servers have in common: which nodes have them, and how one is told of in a sentence.
import type { AnswerOf } from '../../shared/actions/action.ts';
import { type Cluster, nodeOf } from '../cluster/cluster.ts';

export type ServerList = AnswerOf<'readServers'>;
export type Server = ServerList['servers'][number];

/** Master and standby of the database, in this order. */
export const databaseNodes = (cluster: Cluster): [string, string] => [
  nodeOf(cluster, 'master', 'db').name,
  nodeOf(cluster, 'standby', 'db').name,
];

/** `17/main`. */
export const nameOf = ({ major, name }: Pick<Server, 'major' | 'name'>): string => `${major}/${name}`;

/** The one that runs at the port that clients use; undefined when none does. */
export const inService = ({ servers }: ServerList, port: number): Server | undefined =>
  servers.find((server) => server.isRunning && server.port === port);

export const find = ({ servers }: ServerList, major: number, name: string): Server | undefined =>
  servers.find((server) => server.major === major && server.name === name);

/** Two servers of one name are the old and the new one of an upgrade: at no time may both run. */
export const runningTwins = ({ servers }: ServerList, { major, name }: Pick<Server, 'major' | 'name'>): Server[] =>
  servers.filter((server) => server.isRunning && server.name === name && server.major !== major);

export function describeServer(server: Server): string {
  const { isRunning, inRecovery, isFenced, isSpent, port, startsAtBoot } = server;
  const is = inRecovery === undefined ? 'answers nothing' : inRecovery ? 'standby' : 'primary';
  const notes = [
    isRunning ? `runs at port ${port}, ${is}` : 'stopped',
    ...(isRunning ? [] : [startsAtBoot ? 'starts at boot' : 'does not start at boot']),
    ...(isFenced ? ['fenced'] : []),
    ...(isSpent ? ['spent: its files are linked into a newer one that was started'] : []),
  ];
  return `${nameOf(server)}: ${notes.join(', ')}`;
}
