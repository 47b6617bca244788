// Which nodes a check of the site looks at, and which ports they need of one another: as the cluster file has it. Pure.
import { type Cluster, nodeOf } from '../cluster/cluster.ts';

/** Master and standby of both tiers, each once; the observer last. */
export const workingNodes = ({ nodes }: Cluster): string[] =>
  nodes.filter(({ role }) => role !== 'observer').map(({ name }) => name);

export const allNodes = (cluster: Cluster): string[] => [
  ...workingNodes(cluster),
  ...cluster.nodes.filter(({ role }) => role === 'observer').map(({ name }) => name),
];

export interface NeededPort {
  from: string;
  to: string;
  port: number;
  /** For whom it is. */
  what: string;
}

/** Every port that one node needs of another, both ways where roles can change places; none twice. */
export function neededPorts(cluster: Cluster): NeededPort[] {
  const { files, database, network } = cluster;
  const [appMaster, appStandby] = (['master', 'standby'] as const).map((role) => nodeOf(cluster, role, 'app').name);
  const databases = (['master', 'standby'] as const).map((role) => nodeOf(cluster, role, 'db').name);
  const apps = [appMaster ?? '', appStandby ?? ''];
  const observer = nodeOf(cluster, 'observer').name;
  const pairs = (from: string[], to: string[], port: number, what: string): NeededPort[] =>
    from.flatMap((source) =>
      to.filter((target) => target !== source).map((target) => ({ from: source, to: target, port, what })),
    );
  const needed = [
    ...pairs(apps, apps, files.transport.port, 'file synchronization'),
    ...pairs([...apps, ...databases, observer], databases, database.port, 'database'),
    ...pairs([...apps, ...databases], [...apps, ...databases], network.ssh, 'HA scripts over ssh'),
    ...pairs([observer], [...apps, ...databases], network.ssh, 'HA scripts over ssh'),
    ...(network.web === undefined ? [] : pairs([observer], apps.slice(0, 1), network.web, 'web server')),
    ...network.ports.flatMap(({ from, to, port }) => pairs(from, to, port, 'network.ports')),
  ];
  return [
    ...new Map(needed.toReversed().map((one) => [`${one.from} ${one.to} ${one.port}`, one])).values(),
  ].toReversed();
}

export const addressOf = (cluster: Cluster, name: string): string =>
  cluster.nodes.find((node) => node.name === name)?.address ?? name;
