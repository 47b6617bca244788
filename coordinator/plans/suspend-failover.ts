// `baton failover suspend`: the observer is stopped without a run around it, until `baton failover arm` or the alarm.
import { failoverArmed } from '../checks/failover-armed.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { observerIsQuiet, suspendFailover as suspend } from './failover.ts';
import { gate, phase } from './items.ts';
import type { PlanItem } from './plan.ts';
import { agents } from './preflight.ts';

/** Suspends failover and leaves it suspended. */
export function suspendFailover(cluster: Cluster): PlanItem[] {
  return [
    ...phase('Preflight', [
      agents(),
      gate('Pre-Upgrade Requirements › 2. Stop the Observer Service: systemctl status ha', {
        id: 'preflight.armed',
        title: 'Failover is armed now',
        checks: [failoverArmed.ref({})],
      }),
    ]),
    ...phase('Suspend failover', [
      observerIsQuiet('Pre-Upgrade Requirements › 1. Monitor HA Observer Logs'),
      suspend('Pre-Upgrade Requirements › 2. Stop the Observer Service', cluster, 'end'),
    ]),
  ];
}
