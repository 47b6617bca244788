// What the judge reads, taken from a simulation: the journals as exported, the ledgers with what was forgotten since, the
// nodes' own record, the lock, and how things stand.
import { readSuspension } from '../../../agent/ledger/suspension.ts';
import { nodeOf } from '../../../coordinator/cluster/cluster.ts';
import { encodeEvent, type StoredEvent } from '../../../coordinator/journal/chain.ts';
import type { RunEvent } from '../../../coordinator/journal/event.ts';
import { exportLines } from '../../../coordinator/journal/export.ts';
import type { CompiledPlan } from '../../../coordinator/plans/plan.ts';
import type { Evidence, EvidencePlan, LedgerEvidence, LockRecord, NodeRecord } from '../judge/evidence.ts';
import type { BusServer } from './bus-server.ts';
import { serverInService } from './databases.ts';
import { storedPlan } from './rollback-site.ts';
import type { Site } from './site.ts';
import { type CoordinatorPutBack, refusedRuns } from './site-records.ts';
import { cluster, type World } from './world.ts';

const decoder = new TextDecoder();

/** The events of a run as they lie on the bus. */
export function eventsOf(server: BusServer, run: string): StoredEvent[] {
  const messages = server.streams.get(`RUN_${run}`)?.messages ?? [];
  return messages.map(({ data }) => encodeEvent(JSON.parse(decoder.decode(data)) as RunEvent));
}

export function lockOf(server: BusServer): LockRecord[] {
  const messages = server.streams.get(`CLUSTER_${cluster.cluster}`)?.messages ?? [];
  return messages.map(({ data }) => {
    const record = JSON.parse(decoder.decode(data)) as LockRecord;
    const { type, run } = record;
    return type === 'RunOpened' && record.after !== undefined ? { type, run, after: record.after } : { type, run };
  });
}

/** Runs that an operator has had the cluster handed over to. */
function successorsOf(server: BusServer, events: StoredEvent[]) {
  const named = events.flatMap(({ event: { fact } }) =>
    fact.type === 'OperatorDecided' ? (fact.successor ?? []) : [],
  );
  return [...new Map(named.map((one) => [one.run, one])).values()].flatMap(({ run }) => {
    const own = eventsOf(server, run);
    const started = own[0]?.event.fact;
    const stored = started?.type === 'RunStarted' ? storedPlan(server, started.planArtefact) : undefined;
    if (stored === undefined) return [];
    return [{ run, events: own, plan: { plan: stored.plan as unknown as EvidencePlan, hash: stored.hash } }];
  });
}

/**
 * A record from before the coordinator was put back counts events that may be gone, and others have their numbers. One
 * from after it is excused only where its intent is among what was lost: the command was on its way.
 */
export function asOfLostTime(putBack: readonly CoordinatorPutBack[], record: NodeRecord, index: number): NodeRecord {
  const since = putBack.filter(({ records }) => index < records);
  const kept = Math.min(...since.map(({ journaled }) => journaled[runOfKey(record.key)] ?? 0));
  const isCounted = since.length > 0 && (record.journaled ?? 0) > kept;
  const isUnderWay = putBack.some(({ records, lostIntents }) => index >= records && lostIntents.has(record.key));
  if (!isCounted && !isUnderWay) return record;
  const { journaled: _, ...rest } = record;
  return { ...rest, isOfLostTime: true };
}

/** Nodes whose database clients could write to. */
const writableNow = ({ nodes }: World): string[] =>
  [...nodes.values()].flatMap((node) => {
    const server = serverInService(node);
    return server === undefined || server.isStandby || server.isFenced ? [] : [node.name];
  });

const runOfKey = (key: string): string => key.split('/')[0] ?? '';

export function evidenceOf(site: Site, { plan, hash }: CompiledPlan, run: string): Evidence {
  const { world, server } = site;
  const events = eventsOf(server, run);
  const observer = world.node(nodeOf(cluster, 'observer').name);
  const isSuspended = readSuspension(observer.openLedger()) !== undefined;
  const ledgers = [...world.nodes.values()].map((node): LedgerEvidence => {
    const file = node.openLedger();
    const runs = file.sql('SELECT * FROM runs').all();
    return {
      node: node.name,
      generation: file.generation(),
      counter: file.counter(),
      highestEpoch: Number(file.fact('highest_epoch') ?? 0),
      heads: runs
        .filter((row) => Number(row.head_sequence) > 0)
        .map((row) => ({ run: String(row.run), sequence: Number(row.head_sequence), hash: String(row.head_hash) })),
      closedRuns: runs.filter((row) => row.closed_at_ms !== null).map((row) => String(row.run)),
      attempts: node.attempts(),
      keepsClosed: true,
    };
  });
  const others = successorsOf(server, events);
  return {
    cluster: cluster.cluster,
    journals: {
      ...(events.length === 0 ? {} : { [run]: exportLines(events) }),
      ...Object.fromEntries(others.map((other) => [other.run, exportLines(other.events)])),
    },
    plans: {
      [run]: { plan: plan as unknown as EvidencePlan, hash },
      ...Object.fromEntries(others.map((other) => [other.run, other.plan])),
    },
    acknowledged: site.acknowledged,
    ledgers,
    records: world.records.map((record, index) => asOfLostTime(site.coordinatorPutBack, record, index)),
    lock: lockOf(server),
    now: {
      failover: world.isArmed() ? 'armed' : isSuspended ? 'suspended' : 'unknown',
      writable: writableNow(world),
      portalAnswers: world.portalAnswers(),
    },
    putBack: site.putBack,
    coordinatorPutBack: site.coordinatorPutBack.map(({ journaled }) => ({ journaled })),
    givenBack: refusedRuns(site.server).flatMap(({ run, isClosed }) => (isClosed ? [run] : [])),
    doublePrimaries: [],
    databases: world.databaseRecords,
  };
}
