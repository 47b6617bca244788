// Operator › ShowCluster: what each node is at this moment, read from the nodes. What does not answer is unknown.
import type { AnswerOf } from '../../shared/actions/action.ts';
import type { ClusterDocument, ClusterNodeDocument } from '../../shared/documents.ts';
import type { Failure } from '../../shared/failures.ts';
import { answerOf, isFailure, type NodePresence, type ReadAction } from '../checks/check.ts';
import { bytesBetween } from '../checks/lsn.ts';
import { type Cluster, type ClusterNode, nodeOf } from '../cluster/cluster.ts';
import type { Fleet } from '../fleet/fleet.ts';
import { readFailover } from './failover-view.ts';

/** Nobody waits long for a picture of now. */
const readTimeoutMs = 5_000;

interface NodeReadings {
  replication?: AnswerOf<'readReplication'> | Failure;
  version?: AnswerOf<'readVersion'> | Failure;
  units?: AnswerOf<'readUnits'> | Failure;
}

/** The whole picture; `run` is the one that holds the cluster. */
export async function clusterDocument(
  fleet: Fleet,
  cluster: Cluster,
  run: string | undefined,
): Promise<ClusterDocument> {
  const presence = await fleet.presence();
  const [failover, portal, readings] = await Promise.all([
    readFailover(fleet, cluster),
    readPortal(fleet, cluster),
    Promise.all(cluster.nodes.map((node) => readNode(fleet, cluster, node))),
  ]);
  const primaries = readings.flatMap(({ replication: state }) =>
    state !== undefined && !isFailure(state) && !state.inRecovery ? [state] : [],
  );
  const primary = primaries.length === 1 ? primaries[0] : undefined;
  return {
    schema: 1,
    cluster: cluster.cluster,
    flavor: cluster.flavor,
    nodes: cluster.nodes.map((node, index) => {
      const known = presence.find((one) => one.node === node.name);
      return nodeDocument(node, known, readings[index] ?? {}, primary);
    }),
    failover,
    portal,
    ...(run === undefined ? {} : { run }),
  };
}

async function readNode(fleet: Fleet, cluster: Cluster, node: ClusterNode): Promise<NodeReadings> {
  const read = (action: ReadAction) => fleet.read(node.name, action, readTimeoutMs);
  const { name: database } = cluster.database;
  const units = node.role === 'observer' ? cluster.observer.units : cluster.application.units;
  const [replication, version, states] = await Promise.all([
    node.tiers.includes('db') ? read({ kind: 'readReplication', database }) : undefined,
    node.tiers.includes('app') ? read({ kind: 'readVersion', ...cluster.application.version }) : undefined,
    node.role === 'observer' || node.tiers.includes('app') ? read({ kind: 'readUnits', units }) : undefined,
  ]);
  return {
    ...(replication && { replication: answerOf(replication, 'readReplication') }),
    ...(version && { version: answerOf(version, 'readVersion') }),
    ...(states && { units: answerOf(states, 'readUnits') }),
  };
}

function nodeDocument(
  node: ClusterNode,
  presence: NodePresence | undefined,
  { replication, version, units }: NodeReadings,
  primary: AnswerOf<'readReplication'> | undefined,
): ClusterNodeDocument {
  const lagBytes = lagOf(replication, primary);
  return {
    name: node.name,
    address: node.address,
    role: node.role,
    is: isOf(replication),
    state: [databaseState(replication), unitsState(units)].filter((text) => text !== '').join(', '),
    ...(lagBytes === undefined ? {} : { lagBytes }),
    version: version === undefined ? '' : isFailure(version) ? 'unknown' : version.version,
    agent: agentOf(presence),
    ...(presence?.refusal === undefined ? {} : { refusal: presence.refusal }),
  };
}

function agentOf(presence: NodePresence | undefined): ClusterNodeDocument['agent'] {
  if (presence?.revoked) return 'revoked';
  if (!presence?.joined) return 'not joined';
  if (presence.refusal !== undefined) return 'not served';
  if (!presence.connected) return 'disconnected';
  return presence.hold ? 'on hold' : 'connected';
}

function isOf(replication: NodeReadings['replication']): string {
  if (replication === undefined) return 'none';
  if (isFailure(replication)) return 'unknown';
  return replication.inRecovery ? 'standby' : 'primary';
}

/** In the words of patronictl: running, streaming; or why not. */
function databaseState(replication: NodeReadings['replication']): string {
  if (replication === undefined) return '';
  if (isFailure(replication)) return replication.code === 'unreachable' ? 'out of reach' : 'database does not answer';
  if (!replication.inRecovery) return replication.acceptsWrites ? 'running' : 'read-only';
  if (replication.replayPaused) return 'replay paused';
  return replication.receiverStatus || 'not streaming';
}

function unitsState(units: NodeReadings['units']): string {
  if (units === undefined || isFailure(units)) return '';
  const active = units.units.filter(({ activeState }) => activeState === 'active').length;
  if (active === units.units.length) return 'services up';
  return active === 0 ? 'services stopped' : `${active} of ${units.units.length} services up`;
}

function lagOf(
  replication: NodeReadings['replication'],
  primary: AnswerOf<'readReplication'> | undefined,
): number | undefined {
  if (replication === undefined || isFailure(replication) || !replication.inRecovery || !primary) return undefined;
  return bytesBetween(replication.lsn, primary.lsn);
}

async function readPortal(fleet: Fleet, cluster: Cluster): Promise<ClusterDocument['portal']> {
  const { url, versionPattern } = cluster.application.portal;
  // Asked from the observer's node: neither of the two that are worked on.
  const result = await fleet.read(
    nodeOf(cluster, 'observer').name,
    { kind: 'readUrl', url, headers: [], ...(versionPattern === undefined ? {} : { valuePattern: versionPattern }) },
    readTimeoutMs,
  );
  const answer = answerOf(result, 'readUrl');
  if (isFailure(answer)) return { url, status: 0, version: '', elapsedMs: 0 };
  return { url, status: answer.status, version: answer.value, elapsedMs: answer.elapsedMs };
}
