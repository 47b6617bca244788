// Suspending and arming failover: the observer is stopped and masked while nodes are worked on, and started again only
// when there is something that it may watch.
import { minutes, seconds } from '../../shared/units.ts';
import { failoverArmed } from '../checks/failover-armed.ts';
import { asGuard, failoverSuspended } from '../checks/failover-suspended.ts';
import { observerQuiet } from '../checks/observer-quiet.ts';
import { portalAnswers } from '../checks/portal-answers.ts';
import { replicationStreaming } from '../checks/replication-streaming.ts';
import { type Cluster, nodeOf } from '../cluster/cluster.ts';
import { gate, guarded, noUndo, step, type Unphased } from './items.ts';
import type { PlanItem, Step } from './plan.ts';
import { observerMs } from './predictions.ts';

const observerTimeoutMs = minutes(2);
const armedWithinMs = seconds(60);

/** Monitor HA Observer Logs: waits up to ten minutes until a swap or synchronization is over. */
export function observerIsQuiet(section: string): Unphased {
  return gate(section, {
    id: 'observer-quiet',
    title: 'The observer is not in the middle of something',
    checks: [observerQuiet.ref({})],
    withinMs: minutes(10),
    everyMs: seconds(2),
    holdsForMs: seconds(15),
  });
}

/** Stop the Observer Service, so that an outage of the master is not taken for its loss. */
export function suspendFailover(section: string, cluster: Cluster, until: string): Unphased {
  const { units } = cluster.observer;
  const node = nodeOf(cluster, 'observer').name;
  return step(section, {
    id: 'suspend-failover',
    title: 'Suspend failover: stop and mask the observer',
    deviation: 'also masked, so that neither a reboot nor a habit starts it in the middle of the work',
    node,
    action: { kind: 'suspendFailover', units, leaseMs: cluster.limits.suspensionMs },
    timeoutMs: observerTimeoutMs,
    before: [observerQuiet.ref({}), replicationStreaming.ref({}), portalAnswers.ref({ version: null })],
    then: [failoverSuspended.ref({})],
    until,
    undo: {
      title: 'Arm failover: unmask and start the observer',
      action: { kind: 'armFailover', units },
      timeoutMs: observerTimeoutMs,
      before: safeToArm,
      then: [failoverArmed.ref({})],
      thenWithinMs: armedWithinMs,
    },
    predictedMs: observerMs,
  });
}

/** Start Observer Service; never before the portal answers and replication streams. */
export function armFailover(section: string, cluster: Cluster): Unphased {
  const { units } = cluster.observer;
  return step(section, {
    id: 'arm-failover',
    title: 'Arm failover: unmask and start the observer',
    node: nodeOf(cluster, 'observer').name,
    action: { kind: 'armFailover', units },
    timeoutMs: observerTimeoutMs,
    before: safeToArm,
    then: [failoverArmed.ref({})],
    thenWithinMs: armedWithinMs,
    until: 'end',
    undo: noUndo('failover armed is where every ending leads'),
    predictedMs: observerMs,
  });
}

/** An observer that finds the portal down would fail over at once; one without replication would lose rows by it. */
const safeToArm: Step['before'] = [portalAnswers.ref({ version: null }), replicationStreaming.ref({})];

/** Every step of these is started only while failover is still suspended. */
export const whileSuspended = (items: PlanItem[]): PlanItem[] => guarded(asGuard([failoverSuspended.ref({})]), items);
