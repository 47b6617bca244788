// Gives the agents of open runs a moment to come back after a restart, before the runs look at their nodes.
import type { Clock } from '../../shared/clock.ts';
import { seconds } from '../../shared/units.ts';
import type { ClusterStore } from '../cluster/cluster-store.ts';
import type { Fleet } from '../fleet/fleet.ts';
import type { ClusterLog } from '../journal/cluster-log.ts';

/** A node that is down must not keep the others waiting: its run sees it as out of reach. */
const waitMaxMs = seconds(5);
const lookEveryMs = 100;

export interface AgentsOfRuns {
  locks: ClusterLog;
  clusters: ClusterStore;
  fleet: Fleet;
  clock: Clock;
}

/** Resolves when every node of a cluster that a run holds is connected, or when it has waited long enough. */
export async function untilConnected(
  { locks, clusters, fleet, clock }: AgentsOfRuns,
  signal: AbortSignal,
): Promise<void> {
  const names = await locks.clusters();
  if (!names.ok) return;
  const nodes: string[] = [];
  for (const name of names.value) {
    const holder = await locks.holder(name);
    const cluster = holder.ok && holder.value ? await clusters.get(name) : undefined;
    if (cluster?.ok) nodes.push(...cluster.value.nodes.map((node) => node.name));
  }
  const deadlineMs = clock.monotonicMs() + waitMaxMs;
  while (nodes.length > 0 && clock.monotonicMs() < deadlineMs && !signal.aborted) {
    const presence = await fleet.presence();
    if (nodes.every((node) => presence.some((one) => one.node === node && one.connected))) return;
    await clock.sleep(lookEveryMs, signal);
  }
}
