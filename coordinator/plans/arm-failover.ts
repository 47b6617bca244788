// `baton failover arm`: the observer is started again, once the portal answers and replication streams.
import type { Cluster } from '../cluster/cluster.ts';
import { armFailover as arm } from './failover.ts';
import { phase } from './items.ts';
import type { PlanItem } from './plan.ts';
import { agents } from './preflight.ts';

/** Arms failover. */
export function armFailover(cluster: Cluster): PlanItem[] {
  return [
    ...phase('Preflight', [agents()]),
    ...phase('Arm failover', [arm('Post-Upgrade › Step 1: Start Observer Service', cluster)]),
  ];
}
