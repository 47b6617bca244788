// What the coordinators know of nodes, tokens and revoked certificates, kept on the bus so that any of them may ask.
import type { NodeProfile } from '../../shared/actions/command.ts';
import { type Failure, fail, ok, type Result } from '../../shared/failures.ts';
import type { FailoverState } from '../../shared/gen/baton/v1/reading_pb.ts';
import type { Bus } from '../bus/bus.ts';
import { openStore, type Store } from '../bus/store.ts';
import type { Role } from '../cluster/cluster.ts';
import type { RunHead } from './held-heads.ts';

type Plain<T> = Omit<T, '$typeName' | '$unknown'>;

export interface NodeRecord {
  name: string;
  role: Role;
  /** Of its newest certificate; empty until it has joined. */
  serial: string;
  joinedAtMs: number;
  /** 0 when it is not. */
  revokedAtMs: number;
  /** A stream was opened with the newest certificate: the answer to its joining has arrived. */
  hasConnected: boolean;
  agentVersion: string;
  lastSeenMs: number;
  /** The newest that was seen of its agent's ledger. */
  ledger: { generation: string; counter: number };
  /** Why its agent is not served: its state was restored from an older copy. Until it joins anew. */
  restored?: string;
  /** Of the journals of open runs and the newest closed ones, as its agent last said. */
  heads?: RunHead[];
  /** Two agents used its certificate at the same time: when that was last seen, and from where. Until it joins anew. */
  contested?: { atMs: number; from: string[] };
  /** From where its agent has connected with the newest certificate, the newest last. */
  networks?: string[];
  /** As its agent last said; absent until it has connected. */
  profile?: NodeProfile;
}

/** Keyed by the SHA-256 of the token, which itself is nowhere. */
export interface TokenRecord {
  name: string;
  role: Role;
  expiresAtMs: number;
  /** 0 while it is not. */
  usedAtMs: number;
}

/** Keyed by serial. */
export interface RevokedRecord {
  kind: 'node' | 'operator';
  name: string;
  atMs: number;
  by: string;
}

export interface PresenceRecord {
  node: string;
  /** Of the stream: what an older one says no longer counts. */
  session: string;
  coordinator: string;
  connected: boolean;
  hold: boolean;
  agentVersion: string;
  clockOffsetMs?: number;
  lastSeenMs: number;
  runningKey: string;
  /** Why the stream was refused. */
  refusal?: string;
  /** With a refusal: it is the node’s ledger that is not believed, not this coordinator that is behind. */
  isLedgerAtFault?: boolean;
  failover?: Plain<Omit<FailoverState, 'units'>>;
}

/** Installers that a node may fetch, by SHA-256: for which run. Keyed by node. */
export type ReleaseGrants = Record<string, string>;

export interface FleetTables {
  nodes: Store<NodeRecord>;
  tokens: Store<TokenRecord>;
  revoked: Store<RevokedRecord>;
  presence: Store<PresenceRecord>;
  grants: Store<ReleaseGrants>;
}

export async function openFleetTables(bus: Bus): Promise<Result<FleetTables>> {
  const nodes = await openStore<NodeRecord>(bus, 'nodes');
  if (!nodes.ok) return nodes;
  const tokens = await openStore<TokenRecord>(bus, 'join-tokens');
  if (!tokens.ok) return tokens;
  const revoked = await openStore<RevokedRecord>(bus, 'revoked');
  if (!revoked.ok) return revoked;
  // Written with every heartbeat and worth nothing after a restart.
  const presence = await openStore<PresenceRecord>(bus, 'presence', { storage: 'memory' });
  if (!presence.ok) return presence;
  const grants = await openStore<ReleaseGrants>(bus, 'release-grants');
  if (!grants.ok) return grants;
  return ok({
    nodes: nodes.value,
    tokens: tokens.value,
    revoked: revoked.value,
    presence: presence.value,
    grants: grants.value,
  });
}

const attemptsMax = 20;

/** Changes one entry by compare-and-set, again when somebody else was faster; `change` may refuse with a failure. */
export async function update<T>(
  store: Store<T>,
  key: string,
  change: (old: T | undefined) => Result<T>,
): Promise<Result<T>> {
  let last: Failure | undefined;
  for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
    const stored = await store.get(key);
    if (!stored.ok) return stored;
    const changed = change(stored.value?.value);
    if (!changed.ok) return changed;
    const written =
      stored.value === undefined
        ? await store.create(key, changed.value)
        : await store.put(key, changed.value, stored.value.revision);
    if (written.ok) return changed;
    if (written.failure.code !== 'conflict') return written;
    last = written.failure;
  }
  return fail('conflict', last?.message ?? `${key} is changed by others all the time`, { retryable: true });
}
