// Puts the maintenance window into a plan: a gate at its beginning, of the cluster file's key `window`.
import { windowOpen } from '../checks/window-open.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { neededFrom } from './expected.ts';
import { gate, phase, type Unphased } from './items.ts';
import type { PlanItem } from './plan.ts';

/** The gate; without a duration it only tells when the window is open. */
export function windowGate(cluster: Cluster, neededMs: number | null): Unphased[] {
  if (cluster.window === undefined) return [];
  return [
    gate('Pre-Upgrade Requirements › Maintenance Window', {
      id: 'preflight.window',
      title: 'The maintenance window is open for long enough',
      checks: [windowOpen.ref({ neededMs })],
    }),
  ];
}

/** The same plan, which begins in the window only. */
export const withWindow = (cluster: Cluster, items: PlanItem[]): PlanItem[] => [
  ...phase(items[0]?.phase ?? 'Preflight', windowGate(cluster, neededFrom(items, 0, undefined))),
  ...items,
];
