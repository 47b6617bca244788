// `baton stage`: the installer is copied to both nodes ahead of the maintenance window. Touches only Baton's own files.
import type { Cluster } from '../cluster/cluster.ts';
import { phase } from './items.ts';
import type { PlanItem } from './plan.ts';
import { appNodes, preflightOfStaging } from './preflight.ts';
import { type Release, stageRelease as stageOn } from './release.ts';

/** Stages an installer on master and standby. */
export function stageRelease(cluster: Cluster, release: Release): PlanItem[] {
  return [
    ...phase('Preflight', preflightOfStaging(cluster, release)),
    ...phase(
      'Stage',
      stageOn('Step 1: Download the Release Build › Copy Installer', appNodes(cluster), release, () => 'end'),
    ),
  ];
}
