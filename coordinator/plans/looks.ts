// What is looked at without a run: `baton check` and probes take the preflight's checks, and what a run looks at only later.
import type { CheckRef } from '../checks/check.ts';
import { filesSame } from '../checks/files-same.ts';
import { observerQuiet } from '../checks/observer-quiet.ts';
import { probeRecent } from '../checks/probe-recent.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { preflightChecks, type Target } from './preflight.ts';

/** Every check of `baton check`: also whether the observer is in the middle of something, which a run waits for before it stops it. */
export const lookChecks = (cluster: Cluster, target: Target = {}): CheckRef[] => [
  ...preflightChecks(cluster, target),
  observerQuiet.ref({}),
];

/** Every check of a probe: the content of files as well, at a time when nobody waits; nothing of the probe before. */
export const probeChecks = (cluster: Cluster): CheckRef[] =>
  lookChecks(cluster)
    .filter(({ check }) => check !== probeRecent.id)
    .map((ref) => (ref.check === filesSame.id ? filesSame.ref({ content: cluster.files.hashes !== 'never' }) : ref));
