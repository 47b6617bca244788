// Writes down what the agents' streams say of their nodes: record and presence. In order, and never in a stream's way:
// what cannot be written is logged and said again by the next heartbeat.
import { plain } from '../../shared/actions/wire.ts';
import type { Clock } from '../../shared/clock.ts';
import { fail, ok, type Result } from '../../shared/failures.ts';
import type { Hello } from '../../shared/gen/baton/v1/fleet_pb.ts';
import type { LedgerMark } from '../../shared/ledger-mark.ts';
import type { Log } from '../../shared/log.ts';
import { addNetwork, networkOf } from '../access/admission.ts';
import type { Audit } from '../audit/audit.ts';
import { headsOf } from './held-heads.ts';
import { isConnected } from './presence.ts';
import { restoredReason, staleHello, takesBack } from './restored-ledger.ts';
import { type FleetTables, type NodeRecord, type PresenceRecord, update } from './tables.ts';

export interface Bookkeeping {
  /**
   * Resolves when it is written; fails when the node may not be served, as when its ledger went back. What takes back
   * something that was known is written only when `isAlive` finds somebody at the other end of the stream.
   */
  hello(node: string, from: string, hello: Hello, isAlive: () => Promise<Result<unknown>>): Promise<Result<void>>;
  /** The counter of a stream's ledger as it was last told; the record never goes back, and is of one ledger only. */
  counter(node: string, ledger: LedgerMark): void;
  presence(presence: PresenceRecord): void;
  /** A stream that was not welcomed; one that is open says more. */
  refused(presence: PresenceRecord): void;
  /** Two agents use the node's certificate at the same time. */
  contested(node: string, from: string[]): void;
  /** Resolves when everything so far is written or given up. */
  flush(): Promise<void>;
}

export function createBookkeeping(options: { tables: FleetTables; clock: Clock; log: Log; audit: Audit }): Bookkeeping {
  const { tables, clock, log, audit } = options;
  let writes: Promise<unknown> = Promise.resolve();
  /** By stream: what is not yet written is replaced by what is newer, so that no agent makes a queue. */
  const unwritten = new Map<string, PresenceRecord>();
  const unwrittenCounters = new Map<string, number>();

  const write = (what: string, act: () => Promise<Result<unknown>>): Promise<Result<unknown>> => {
    const written = writes.then(act).then(
      (result) => {
        if (!result.ok) log.warn(`${what} could not be written`, { reason: result.failure.message });
        return result;
      },
      (error: Error) => {
        log.error(`${what} could not be written`, { reason: error.message });
        return fail('internal', `${what} could not be written: ${error.message}`);
      },
    );
    writes = written;
    return written;
  };

  return {
    async hello(node, from, hello, isAlive) {
      let restored: string | undefined;
      let isNew = false;
      const stored = await tables.nodes.get(node);
      if (!stored.ok) return stored;
      const known = stored.value?.value;
      const isBelieved = known !== undefined && takesBack(known, hello);
      if (isBelieved && restoredReason(known, hello) !== undefined) {
        const presence = await tables.presence.get(node);
        if (!presence.ok) return presence;
        // Either this hello is an old one, or it is not the agent's: of the two the one that goes on is the agent.
        if (isConnected(presence.value?.value, clock.nowMs())) return staleHello(node);
      }
      if (isBelieved) {
        const alive = await isAlive();
        if (!alive.ok) return alive;
      }
      const written = write(`${node}'s record`, () =>
        update(tables.nodes, node, (old) => {
          if (old === undefined) return fail('not-found', `${node} is not in the table of nodes`);
          // The record has gone on meanwhile: what is older than it was not asked about.
          if (!isBelieved && takesBack(old, hello)) return staleHello(node);
          restored = old.restored ?? restoredReason(old, hello);
          isNew = restored !== old.restored;
          if (restored !== undefined) return ok({ ...old, restored });
          return ok({
            ...old,
            hasConnected: old.revokedAtMs === 0,
            agentVersion: hello.agentVersion,
            lastSeenMs: clock.nowMs(),
            ledger: { generation: hello.ledgerGeneration, counter: hello.ledgerCounter },
            heads: headsOf(hello),
            networks: addNetwork(old.networks ?? [], networkOf(from.replace(/:\d+$/, ''))),
            ...(hello.profile ? { profile: plain(hello.profile) as NonNullable<NodeRecord['profile']> } : {}),
          });
        }),
      );
      return written.then((result): Result<void> => {
        if (!result.ok) return result;
        if (restored === undefined) return ok(undefined);
        if (isNew) audit.record({ who: `node ${node}`, what: 'ledger', detail: restored, outcome: 'failed' });
        return fail('restored-state', restored);
      });
    },
    counter(node, { generation, counter: newest }) {
      const ledger = `${node} ${generation}`;
      const queued = unwrittenCounters.get(ledger);
      unwrittenCounters.set(ledger, Math.max(queued ?? 0, newest));
      if (queued !== undefined) return;
      void write(`${node}'s record`, () => {
        const counter = unwrittenCounters.get(ledger) ?? newest;
        unwrittenCounters.delete(ledger);
        return update(tables.nodes, node, (old) => {
          if (old === undefined) return fail('not-found', `${node} is not in the table of nodes`);
          // An old stream's ledger, after the node has joined anew: raised by it, the new one would seem to have gone back.
          if (old.ledger.generation !== generation) return ok(old);
          return ok({ ...old, ledger: { generation, counter: Math.max(old.ledger.counter, counter) } });
        });
      });
    },
    presence(newest) {
      const { session } = newest;
      const isQueued = unwritten.has(session);
      unwritten.set(session, newest);
      if (isQueued) return;
      void write(`${newest.node}'s presence`, async () => {
        const presence = unwritten.get(session) ?? newest;
        unwritten.delete(session);
        if (presence.connected) return tables.presence.put(presence.node, presence);
        // The table of presence is in memory only: when the node was last seen must outlive the coordinator.
        const seen = await update(tables.nodes, presence.node, (old) =>
          old === undefined
            ? fail('not-found', `${presence.node} is not in the table of nodes`)
            : ok({ ...old, lastSeenMs: Math.max(old.lastSeenMs, presence.lastSeenMs) }),
        );
        if (!seen.ok) return seen;
        // A stream that was replaced says nothing any more about the one that did.
        return update(tables.presence, presence.node, (now) =>
          ok(now !== undefined && now.session !== presence.session ? now : presence),
        );
      });
    },
    refused(presence) {
      void write(`${presence.node}'s presence`, () =>
        update(tables.presence, presence.node, (now) => ok(isConnected(now, clock.nowMs()) ? now : presence)),
      );
    },
    contested(node, from) {
      const detail = `two agents use the certificate of ${node}, from ${from.join(' and ')}; if one is not yours: baton node revoke ${node}`;
      audit.record({ who: `node ${node}`, what: 'certificate', detail, outcome: 'failed' });
      void write(`${node}'s record`, () =>
        update(tables.nodes, node, (old) =>
          old === undefined
            ? fail('not-found', `${node} is not in the table of nodes`)
            : ok({ ...old, contested: { atMs: clock.nowMs(), from } }),
        ),
      );
    },
    flush: async () => void (await writes),
  };
}
