// Which nodes are there, from the tables. A record that nobody renews is of a coordinator that has died.
import type { Clock } from '../../shared/clock.ts';
import { ok, type Result } from '../../shared/failures.ts';
import type { Log } from '../../shared/log.ts';
import type { NodePresence } from '../checks/check.ts';
import type { FleetTables, NodeRecord, PresenceRecord } from './tables.ts';

/** Longer than a silent stream lives. */
export const presenceLifeMs = 20_000;

/** Presence of every node that was ever added, by name. */
export async function readPresence(tables: FleetTables, nowMs: number): Promise<Result<NodePresence[]>> {
  const nodes = await tables.nodes.list();
  if (!nodes.ok) return nodes;
  const records = await tables.presence.list();
  if (!records.ok) return records;
  const byNode = new Map(records.value.map(({ value }) => [value.node, value]));
  return ok(nodes.value.map(({ value }) => presenceOf(value, byNode.get(value.name), nowMs)));
}

export function presenceOf(node: NodeRecord, presence: PresenceRecord | undefined, nowMs: number): NodePresence {
  const isJoined = hasJoined(node);
  const refusal = isJoined ? (node.restored ?? (presence?.connected ? undefined : presence?.refusal)) : undefined;
  return {
    node: node.name,
    joined: isJoined,
    ...(node.revokedAtMs === 0 ? {} : { revoked: true }),
    connected: isJoined && isConnected(presence, nowMs),
    hold: presence?.hold ?? false,
    agentVersion: presence?.agentVersion ?? node.agentVersion,
    ...(presence?.clockOffsetMs === undefined ? {} : { clockOffsetMs: presence.clockOffsetMs }),
    ...(presence?.runningKey ? { runningKey: presence.runningKey } : {}),
    lastSeenMs: Math.max(node.lastSeenMs, presence?.lastSeenMs ?? 0),
    ...(refusal === undefined ? {} : { refusal }),
    // That a ledger went back is in the node's record; a stream is refused for its epoch only.
    ...(refusal === undefined || node.restored !== undefined || presence?.isLedgerAtFault
      ? {}
      : { isCoordinatorBehind: true as const }),
    ...(node.ledger.generation === '' ? {} : { ledger: node.ledger }),
  };
}

export const hasJoined = (node: NodeRecord): boolean => node.serial !== '' && node.revokedAtMs === 0;

/** Whether a stream of the node is open, and whoever holds it is alive. */
export function isConnected(presence: PresenceRecord | undefined, nowMs: number): presence is PresenceRecord {
  return presence?.connected === true && Math.abs(nowMs - presence.lastSeenMs) < presenceLifeMs;
}

/** Tells when a node's stream is opened, opened anew, refused or lost. Returns how to stop. */
export function onNodePresence(
  tables: FleetTables,
  clock: Clock,
  log: Log,
  listener: (presence: NodePresence) => void,
): () => void {
  const told = new Map<string, string>();
  let isStopped = false;
  let stopWatching: () => void = () => undefined;

  const hear = async (presence: PresenceRecord): Promise<void> => {
    const node = await tables.nodes.get(presence.node);
    if (!node.ok || node.value === undefined || isStopped) return;
    listener(presenceOf(node.value.value, presence, clock.nowMs()));
  };
  void tables.presence
    .watch((name, stored) => {
      if (stored === undefined || isStopped) return;
      const { connected, session, refusal } = stored.value;
      const state = connected ? session : `lost ${refusal ?? ''}`;
      if (told.get(name) === state) return;
      told.set(name, state);
      hear(stored.value).catch((error: Error) => log.error('presence was not told', { reason: error.message }));
    })
    .then((watching) => {
      if (!watching.ok) return void log.error('presence is not watched', { reason: watching.failure.message });
      stopWatching = watching.value;
      if (isStopped) stopWatching();
    })
    .catch((error: Error) => log.error('presence is not watched', { reason: error.message }));
  return () => {
    isStopped = true;
    stopWatching();
  };
}
