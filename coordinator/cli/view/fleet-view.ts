// Nodes, clusters, failover and runs as tables, in the look that users of patronictl know. Pure.
import type {
  ClusterDocument,
  ClusterNodeDocument,
  ClustersDocument,
  FailoverDocument,
  NodeDocument,
  NodesDocument,
  RunsDocument,
} from '../../../shared/documents.ts';
import { formatSize } from '../../../shared/units.ts';
import { type Column, table } from './table.ts';
import { clean, moment, type Paint } from './text.ts';

const clusterColumns: Column<ClusterNodeDocument>[] = [
  { head: 'Node', value: (node) => node.name },
  { head: 'Address', value: (node) => node.address },
  { head: 'Role', value: (node) => node.role },
  { head: 'Is', value: (node) => node.is },
  { head: 'State', value: (node) => node.state },
  { head: 'Lag', value: (node) => (node.lagBytes === undefined ? '' : formatSize(node.lagBytes)), align: 'right' },
  { head: 'Version', value: (node) => node.version },
  { head: 'Agent', value: (node) => node.agent },
];

/** Node, role, what it is now, state, lag, version, agent; failover, portal, and the run that holds the cluster. */
export function clusterView(document: ClusterDocument, paint: Paint): string {
  const { portal } = document;
  const answer = portal.status === 0 ? 'no answer' : `${portal.status} in ${Math.round(portal.elapsedMs)} ms`;
  return [
    table(`Cluster: ${document.cluster} (${document.flavor})`, clusterColumns, document.nodes),
    ...refusalLines(document.nodes, paint),
    ` ${failoverLine(document.failover, paint)}`,
    ` Portal: ${clean(portal.url)} ${answer}${portal.version === '' ? '' : `, version ${clean(portal.version)}`}`,
    ...(document.run === undefined
      ? []
      : [paint('yellow', ` Held by run ${clean(document.run)}: baton run show ${clean(document.run)}`)]),
  ].join('\n');
}

/** Why agents that call are not served. */
function refusalLines(nodes: { refusal?: string }[], paint: Paint): string[] {
  return nodes.flatMap(({ refusal }) => (refusal === undefined ? [] : [paint('red', ` ${clean(refusal)}`)]));
}

/** Armed, or suspended since when, until when, by which run. */
export function failoverLine(failover: FailoverDocument, paint: Paint): string {
  const more = [
    ...(failover.since ? [`since ${moment(failover.since)}`] : []),
    ...(failover.deadline ? [`deadline ${moment(failover.deadline)}`] : []),
    ...(failover.run ? [`by run ${clean(failover.run)}`] : []),
  ].join(', ');
  const state = paint(failover.state === 'armed' ? 'green' : 'yellow', failover.state);
  return `Failover: ${state}${more === '' ? '' : ` ${more}`}${failover.message === '' ? '' : ` (${clean(failover.message)})`}`;
}

export function clustersView(document: ClustersDocument): string {
  if (document.clusters.length === 0)
    return 'There is no cluster yet. Write its file with `baton cluster template`, then `baton cluster apply FILE`.';
  return table(
    '',
    [
      { head: 'Cluster', value: (row) => row.cluster },
      { head: 'Flavor', value: (row) => row.flavor },
      { head: 'Nodes', value: (row) => row.nodes.join(' ') },
      { head: 'Applied', value: (row) => moment(row.appliedAt) },
    ],
    document.clusters,
  );
}

function agentOf(node: NodeDocument): string {
  if (node.revoked) return 'revoked';
  if (!node.joined) return 'not joined';
  if (node.refusal !== undefined) return 'not served';
  if (!node.connected) return 'disconnected';
  return node.hold ? 'on hold' : 'connected';
}

export function nodesView(document: NodesDocument, paint: Paint): string {
  if (document.nodes.length === 0)
    return 'There is no node yet. Add one: baton node add NAME --role master|standby|observer';
  const nodes = table(
    '',
    [
      { head: 'Node', value: (row) => row.name },
      { head: 'Role', value: (row) => row.role },
      { head: 'Agent', value: agentOf },
      { head: 'Version', value: (row) => row.agentVersion },
      { head: 'Last seen', value: (row) => moment(row.lastSeenAt) },
    ],
    document.nodes,
  );
  return [nodes, ...refusalLines(document.nodes, paint), ...document.nodes.flatMap(contestedLine)].join('\n');
}

function contestedLine({ name, contested }: NodeDocument): string[] {
  if (contested === undefined) return [];
  const from = contested.from.map(clean).join(' and ');
  return [
    ` ${clean(name)}: two agents used its certificate, from ${from}, last seen ${moment(contested.at)}. If one is not yours: baton node revoke ${clean(name)}`,
  ];
}

export function runsView(document: RunsDocument): string {
  if (document.runs.length === 0) return 'There is no run yet.';
  return table(
    '',
    [
      { head: 'Run', value: (row) => row.id },
      { head: 'Cluster', value: (row) => row.cluster },
      { head: 'Plan', value: (row) => row.plan },
      { head: 'Status', value: (row) => row.status },
      { head: 'Operator', value: (row) => row.operator },
      { head: 'Started', value: (row) => moment(row.startedAt) },
      { head: 'Ended', value: (row) => moment(row.endedAt) },
    ],
    document.runs,
  );
}
