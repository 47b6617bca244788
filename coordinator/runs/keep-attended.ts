// A run that nobody works on must not hold its cluster until somebody asks: a coordinator that is deposed by now may have
// opened it after its successor had looked for open runs.
import type { Clock } from '../../shared/clock.ts';
import type { ClusterLog } from '../journal/cluster-log.ts';

const lookEveryMs = 15_000;

/** Looks at every cluster again and again, until the coordinator ends; `heal` takes up what nobody works on. */
export async function keepAttended(
  { clusterLog, clock }: { clusterLog: Pick<ClusterLog, 'clusters'>; clock: Clock },
  heal: (cluster: string) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    await clock.sleep(lookEveryMs, signal);
    if (signal.aborted) return;
    const clusters = await clusterLog.clusters();
    for (const cluster of clusters.ok ? clusters.value : []) await heal(cluster);
  }
}
