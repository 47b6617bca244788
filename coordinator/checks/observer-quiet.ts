// The observer is doing nothing that must not be interrupted: no swap, no synchronization in its newest log lines.
import { z } from 'zod';
import { formatDuration } from '../../shared/units.ts';
import { nodeOf } from '../cluster/cluster.ts';
import { defineCheck, judgeEach } from './define.ts';

export const observerQuiet = defineCheck({
  id: 'observer-quiet',
  title: 'Observer is quiet',
  section: 'Pre-Upgrade Requirements › Monitor HA Observer Logs',
  severity: 'blocking',
  remedy: 'Wait until the observer has finished; observer.busyPatterns in the cluster file says which lines count.',
  params: z.strictObject({}),
  words: (_params, { observer }) => `the observer’s log had no busy line for ${formatDuration(observer.quietForMs)}`,
  *evaluate(_params, { cluster }) {
    const { logs, busyPatterns, quietForMs } = cluster.observer;
    const limit = `no swap or synchronization for ${formatDuration(quietForMs)}`;
    const action = { kind: 'readObserverLog', logs, busyPatterns, quietForMs } as const;
    return yield* judgeEach([nodeOf(cluster, 'observer').name], action, limit, (log, node) => {
      if (log.file === '')
        return {
          reading: `no log matches ${logs}`,
          verdict: 'unknown',
          remedy: `Correct observer.logs in the cluster file, or look why the observer on ${node} does not log.`,
        };
      const [newest] = log.busyLines.slice(-1);
      if (newest !== undefined) return { reading: `busy: ${newest.slice(0, 200)}`, verdict: 'fail' };
      if (log.busyAgoMs !== undefined && log.busyAgoMs < quietForMs)
        return { reading: `last busy ${formatDuration(log.busyAgoMs)} ago`, verdict: 'fail' };
      return { reading: `quiet, last line ${formatDuration(log.writtenAgoMs)} ago in ${log.file}`, verdict: 'pass' };
    });
  },
});
