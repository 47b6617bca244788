// A run that nobody works on must not hold its cluster until somebody asks: a coordinator that is deposed by now may have
// opened it after its successor had looked for open runs.
import type { Clock } from '../../shared/clock.ts';
import type { Log } from '../../shared/log.ts';
import type { ClusterLog } from '../journal/cluster-log.ts';

const lookEveryMs = 15_000;

/** Looks at every cluster again and again, until the coordinator ends; `heal` takes up what nobody works on. */
export async function keepAttended(
  { clusterLog, clock, log }: { clusterLog: Pick<ClusterLog, 'clusters'>; clock: Clock; log: Pick<Log, 'error'> },
  heal: (cluster: string) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    await clock.sleep(lookEveryMs, signal);
    if (signal.aborted) return;
    const clusters = await clusterLog.clusters();
    for (const cluster of clusters.ok ? clusters.value : [])
      try {
        await heal(cluster);
      } catch (error) {
        // One cluster must not end the look at the others.
        log.error('a bug keeps a cluster from being looked at', { cluster, error: String(error) });
      }
  }
}
