// Writes down what the agents' streams say of their nodes: record and presence. In order, and never in a stream's way:
// what cannot be written is logged and said again by the next heartbeat.
import { plain } from '../../shared/actions/wire.ts';
import type { Clock } from '../../shared/clock.ts';
import { fail, ok, type Result } from '../../shared/failures.ts';
import type { Hello } from '../../shared/gen/baton/v1/fleet_pb.ts';
import type { Log } from '../../shared/log.ts';
import type { Audit } from '../audit/audit.ts';
import { type FleetTables, type NodeRecord, type PresenceRecord, update } from './tables.ts';

export interface Bookkeeping {
  hello(node: string, hello: Hello): void;
  presence(presence: PresenceRecord): void;
  /** Resolves when everything so far is written or given up. */
  flush(): Promise<void>;
}

export function createBookkeeping(options: { tables: FleetTables; clock: Clock; log: Log; audit: Audit }): Bookkeeping {
  const { tables, clock, log, audit } = options;
  let writes: Promise<void> = Promise.resolve();

  const write = (what: string, act: () => Promise<Result<unknown>>) => {
    writes = writes.then(act).then(
      (result) => {
        if (!result.ok) log.warn(`${what} could not be written`, { reason: result.failure.message });
      },
      (error: Error) => void log.error(`${what} could not be written`, { reason: error.message }),
    );
  };

  const auditRestore = ({ name, ledger }: NodeRecord, hello: Hello) => {
    if (ledger.generation === '') return;
    const isOther = ledger.generation !== hello.ledgerGeneration;
    if (!isOther && hello.ledgerCounter >= ledger.counter) return;
    const detail = isOther
      ? `${name}: its agent's ledger is another one than before; a snapshot may have been restored`
      : `${name}: its agent's ledger went back from ${ledger.counter} to ${hello.ledgerCounter}; a snapshot was restored`;
    audit.record({ who: `node ${name}`, what: 'ledger', detail, outcome: 'failed' });
  };

  return {
    hello(node, hello) {
      write(`${node}'s record`, () =>
        update(tables.nodes, node, (old) => {
          if (old === undefined) return fail('not-found', `${node} is not in the table of nodes`);
          auditRestore(old, hello);
          return ok({
            ...old,
            hasConnected: old.revokedAtMs === 0,
            agentVersion: hello.agentVersion,
            lastSeenMs: clock.nowMs(),
            ledger: { generation: hello.ledgerGeneration, counter: hello.ledgerCounter },
            ...(hello.profile ? { profile: plain(hello.profile) as NonNullable<NodeRecord['profile']> } : {}),
          });
        }),
      );
    },
    presence(presence) {
      write(`${presence.node}'s presence`, async () => {
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
    flush: () => writes,
  };
}
