// Operator › nodes: adding, listing, revoking, as documents.
import type { NodeAddedDocument, NodeDocument, NodesDocument } from '../../shared/documents.ts';
import { ok, type Result } from '../../shared/failures.ts';
import { formatHostPort, type HostPort } from '../../shared/host-port.ts';
import { pinOf } from '../../shared/security/certificates.ts';
import type { NodePresence } from '../checks/check.ts';
import type { Enrolment } from '../fleet/enrolment.ts';
import { presenceOf, readPresence } from '../fleet/presence.ts';
import type { FleetTables, NodeRecord } from '../fleet/tables.ts';

export interface NodeParts {
  tables: FleetTables;
  enrolment: Enrolment;
  /** PEM. */
  authority: string;
  advertise: HostPort;
  nowMs(): number;
}

const iso = (atMs: number): string => (atMs === 0 ? '' : new Date(atMs).toISOString());

/** A token and the line that joins the node with it. */
export async function addNode(
  { enrolment, authority, advertise }: NodeParts,
  request: { name: string; role: string },
  operator: string,
): Promise<Result<NodeAddedDocument>> {
  const added = await enrolment.addNode(request.name, request.role, operator);
  if (!added.ok) return added;
  const { name, role, token, expiresAtMs, isAnew } = added.value;
  const joinLine = `baton-agent join --coordinator ${formatHostPort(advertise)} --name ${name} --token ${token} --pin ${pinOf(authority)}${isAnew ? ' --force' : ''}`;
  return ok({ schema: 1, name, role, token, expiresAt: iso(expiresAtMs), joinLine });
}

/** All nodes by name. */
export async function listNodes({ tables, nowMs }: NodeParts): Promise<Result<NodesDocument>> {
  const nodes = await tables.nodes.list();
  if (!nodes.ok) return nodes;
  const presence = await readPresence(tables, nowMs());
  if (!presence.ok) return presence;
  const documents = nodes.value.map(({ value }) => nodeDocument(value, presence.value, nowMs()));
  return ok({ schema: 1, nodes: documents.sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true })) });
}

/** The node as it is once it is revoked. */
export async function revokeNode(
  { enrolment, nowMs }: NodeParts,
  name: string,
  operator: string,
): Promise<Result<NodeDocument>> {
  const revoked = await enrolment.revoke(name, operator);
  return revoked.ok ? ok(nodeDocument(revoked.value, [], nowMs())) : revoked;
}

function nodeDocument(node: NodeRecord, all: NodePresence[], nowMs: number): NodeDocument {
  const presence = all.find((one) => one.node === node.name) ?? presenceOf(node, undefined, nowMs);
  return {
    name: node.name,
    role: node.role,
    joined: presence.joined,
    connected: presence.connected,
    revoked: node.revokedAtMs !== 0,
    hold: presence.hold,
    agentVersion: presence.agentVersion,
    lastSeenAt: iso(presence.lastSeenMs),
    ...(presence.refusal === undefined ? {} : { refusal: presence.refusal }),
    ...(node.contested ? { contested: { at: iso(node.contested.atMs), from: node.contested.from } } : {}),
  };
}
