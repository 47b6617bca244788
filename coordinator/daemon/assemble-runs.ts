// The part of the coordinator that carries runs: nodes' tables, streams, journal, locks, runs and what is seen of them.
// It needs nothing but a bus, so that it also works on a simulated one.
import type { Clock } from '../../shared/clock.ts';
import { ok, type Result } from '../../shared/failures.ts';
import type { Log } from '../../shared/log.ts';
import { type Operators, openOperators } from '../access/operators.ts';
import { type Audit, openAudit } from '../audit/audit.ts';
import type { Bus } from '../bus/bus.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { type ClusterStore, openClusterStore } from '../cluster/cluster-store.ts';
import { createBusFleet } from '../fleet/bus-fleet.ts';
import type { Fleet } from '../fleet/fleet.ts';
import { untilHeld } from '../fleet/holders.ts';
import { createHub, type Hub } from '../fleet/hub.ts';
import { type FleetTables, openFleetTables } from '../fleet/tables.ts';
import { type Artefacts, openArtefacts } from '../journal/artefacts.ts';
import { type ClusterLog, openClusterLog } from '../journal/cluster-log.ts';
import { mayServe, openEpochFloor } from '../journal/epoch-floor.ts';
import type { Journal } from '../journal/journal.ts';
import { newestEpoch } from '../journal/leadership.ts';
import { openJournal } from '../journal/nats-journal.ts';
import { type Notifier, toLog } from '../notify/notice.ts';
import type { ProbeLog } from '../probes/probe-log.ts';
import { guardJournal } from '../runs/guarded-journal.ts';
import { openProgressFeed } from '../runs/progress.ts';
import { openRefusals } from '../runs/refusals.ts';
import type { RunMeter } from '../runs/run-meter.ts';
import { createRunService, type RunService } from '../runs/run-service.ts';
import { createRunViews, type RunViews } from '../runs/run-views.ts';
import type { Fence } from './fence.ts';

export interface Streams {
  operators: Operators;
  audit: Audit;
  tables: FleetTables;
  hub: Hub;
}

export interface AssembledRuns extends Streams {
  clusters: ClusterStore;
  journal: Journal;
  artefacts: Artefacts;
  locks: ClusterLog;
  fleet: Fleet;
  runs: RunService;
  views: RunViews;
  notifier: Notifier;
}

/** Opens what is on the bus and puts the parts together; no run is taken up yet. */
export async function assembleRuns(given: {
  bus: Bus;
  clock: Clock;
  log: Log;
  coordinator: string;
  epoch: number;
  /** What serves agents already; otherwise it is opened here. */
  streams?: Streams;
  /** Keeps what only a leader may do from one that may not lead any more. */
  fence?: Pick<Fence, 'journal' | 'clusterLog' | 'fleet'>;
  meterOf(artefacts: Artefacts, run: string, cluster: Cluster): RunMeter;
  /** Whom people are told by; otherwise only the log is. */
  notifier?: Notifier;
  lastProbe?: ProbeLog['last'];
  onStop(name: string, stop: () => unknown): void;
}): Promise<Result<AssembledRuns>> {
  const { bus, clock, log, coordinator, epoch, onStop } = given;
  const { fence, notifier = toLog(log) } = given;
  const streams = given.streams === undefined ? await openStreams(given) : ok(given.streams);
  if (!streams.ok) return streams;
  const { operators, audit, tables, hub } = streams.value;
  const clusters = await openClusterStore(bus);
  if (!clusters.ok) return clusters;
  const opened = await openJournal(bus, clock);
  if (!opened.ok) return opened;
  const journal = fence?.journal(opened.value) ?? opened.value;
  const artefacts = openArtefacts(bus);

  const shared = { bus, clock, log, audit, tables, coordinator, epoch };
  const busFleet = createBusFleet(shared);
  const fleet = fence?.fleet(busFleet) ?? busFleet;
  const clusterLog = openClusterLog(bus);
  const locks = fence?.clusterLog(clusterLog) ?? clusterLog;
  const progress = openProgressFeed(bus);
  const refusals = await openRefusals(bus);
  if (!refusals.ok) return refusals;
  const membership = membershipOf(clusters.value);
  const guarded = guardJournal({
    ...{ journal, refusals: refusals.value, ...membership, clock, log },
    heldHeads: fleet.heldHeads,
  });
  const stored = { journal: guarded, artefacts };
  const runs = createRunService({
    ...shared,
    ...stored,
    ...membership,
    refusals: refusals.value,
    clusterLog: locks,
    fleet,
    progress,
    // Without one nothing is read for it.
    ...(given.notifier !== undefined && { notifier }),
    ...(given.lastProbe && { lastProbe: given.lastProbe }),
    meterOf: (run, cluster) => given.meterOf(artefacts, run, cluster),
    agentsBack: (nodes, signal) => untilHeld(shared, nodes, signal),
  });
  onStop('runs', runs.stop);
  const seen = { ...stored, evidence: journal, refusals: refusals.value, fleet, progress };
  const views = createRunViews({ ...seen, troubleOf: runs.troubleOf });
  return ok({
    operators,
    audit,
    tables,
    clusters: clusters.value,
    ...stored,
    locks,
    hub,
    fleet,
    runs,
    views,
    notifier,
  });
}

/** What agents are served with, whether this coordinator leads or stands by. */
export async function openStreams(given: {
  bus: Bus;
  clock: Clock;
  log: Log;
  coordinator: string;
  /** Of whoever leads; 0 where nobody does yet. */
  epoch: number;
  addresses?: () => string[];
  onStop(name: string, stop: () => unknown): void;
}): Promise<Result<Streams>> {
  const { bus, clock, log, onStop } = given;
  const operators = await openOperators(bus);
  if (!operators.ok) return operators;
  onStop('operators', operators.value.stop);
  const audit = await openAudit(bus, log, clock, operators.value.serialOf);
  if (!audit.ok) return audit;
  onStop('audit', audit.value.flush);
  const tables = await openFleetTables(bus);
  if (!tables.ok) return tables;
  const floor = await openEpochFloor(bus);
  if (!floor.ok) return floor;
  const hub = createHub({
    ...{ ...given, audit: audit.value, tables: tables.value },
    mayServe: (node, highest, epoch) =>
      mayServe({ epoch, floor: floor.value, newestEpoch: () => newestEpoch(bus) }, node, highest),
  });
  onStop('hub', hub.close);
  return ok({ operators: operators.value, audit: audit.value, tables: tables.value, hub });
}

/** Which nodes are a cluster's, as its file says now. */
function membershipOf(clusters: ClusterStore) {
  const find = async (has: (cluster: Cluster) => boolean): Promise<Result<Cluster | undefined>> => {
    const all = await clusters.list();
    return all.ok ? ok(all.value.find(({ cluster }) => has(cluster))?.cluster) : all;
  };
  return {
    async nodesOf(name: string): Promise<Result<string[]>> {
      const found = await find(({ cluster }) => cluster === name);
      return found.ok ? ok(found.value?.nodes.map((node) => node.name) ?? []) : found;
    },
    async clusterOf(node: string): Promise<Result<string | undefined>> {
      const found = await find(({ nodes }) => nodes.some(({ name }) => name === node));
      return found.ok ? ok(found.value?.cluster) : found;
    },
  };
}
