// The part of the coordinator that carries runs: nodes' tables, streams, journal, locks, runs and what is seen of them.
// It needs nothing but a bus, so that it also works on a simulated one.
import type { Clock } from '../../shared/clock.ts';
import { ok, type Result } from '../../shared/failures.ts';
import type { Log } from '../../shared/log.ts';
import { type Audit, openAudit } from '../audit/audit.ts';
import type { Bus } from '../bus/bus.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { type ClusterStore, openClusterStore } from '../cluster/cluster-store.ts';
import { createBusFleet } from '../fleet/bus-fleet.ts';
import type { Fleet } from '../fleet/fleet.ts';
import { createHub, type Hub } from '../fleet/hub.ts';
import { type FleetTables, openFleetTables } from '../fleet/tables.ts';
import { type Artefacts, openArtefacts } from '../journal/artefacts.ts';
import { type ClusterLog, openClusterLog } from '../journal/cluster-log.ts';
import { mayServe, openEpochFloor } from '../journal/epoch-floor.ts';
import type { Journal } from '../journal/journal.ts';
import { newestEpoch } from '../journal/leadership.ts';
import { openJournal } from '../journal/nats-journal.ts';
import { guardJournal } from '../runs/guarded-journal.ts';
import { openProgressFeed } from '../runs/progress.ts';
import { openRefusals } from '../runs/refusals.ts';
import type { RunMeter } from '../runs/run-meter.ts';
import { createRunService, type RunService } from '../runs/run-service.ts';
import { createRunViews, type RunViews } from '../runs/run-views.ts';

export interface AssembledRuns {
  audit: Audit;
  tables: FleetTables;
  clusters: ClusterStore;
  journal: Journal;
  artefacts: Artefacts;
  locks: ClusterLog;
  hub: Hub;
  fleet: Fleet;
  runs: RunService;
  views: RunViews;
}

/** Opens what is on the bus and puts the parts together; no run is taken up yet. */
export async function assembleRuns(given: {
  bus: Bus;
  clock: Clock;
  log: Log;
  coordinator: string;
  epoch: number;
  meterOf(artefacts: Artefacts, run: string, cluster: Cluster): RunMeter;
  onStop(name: string, stop: () => unknown): void;
}): Promise<Result<AssembledRuns>> {
  const { bus, clock, log, coordinator, epoch, onStop } = given;
  const audit = await openAudit(bus, log, clock);
  if (!audit.ok) return audit;
  onStop('audit', audit.value.flush);
  const tables = await openFleetTables(bus);
  if (!tables.ok) return tables;
  const clusters = await openClusterStore(bus);
  if (!clusters.ok) return clusters;
  const journal = await openJournal(bus, clock);
  if (!journal.ok) return journal;
  const artefacts = openArtefacts(bus);

  const shared = { bus, clock, log, audit: audit.value, tables: tables.value, coordinator, epoch };
  const floor = await openEpochFloor(bus);
  if (!floor.ok) return floor;
  const epochs = { epoch, floor: floor.value, newestEpoch: () => newestEpoch(bus) };
  const hub = createHub({ ...shared, mayServe: (node, highest) => mayServe(epochs, node, highest) });
  onStop('hub', hub.close);
  const fleet = createBusFleet(shared);
  const locks = openClusterLog(bus);
  const progress = openProgressFeed(bus);
  const refusals = await openRefusals(bus);
  if (!refusals.ok) return refusals;
  const membership = membershipOf(clusters.value);
  const guarded = guardJournal({
    ...{ journal: journal.value, refusals: refusals.value, ...membership, clock, log },
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
    meterOf: (run, cluster) => given.meterOf(artefacts, run, cluster),
  });
  onStop('runs', runs.stop);
  const seen = { ...stored, evidence: journal.value, refusals: refusals.value, fleet, progress };
  const views = createRunViews({ ...seen, troubleOf: runs.troubleOf });
  const opened = { audit: audit.value, tables: tables.value, clusters: clusters.value, ...stored };
  return ok({ ...opened, locks, hub, fleet, runs, views });
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
