// The observer is doing nothing that must not be interrupted: no swap, no synchronization in its newest log lines, and none
// that began earlier and has not ended.
import { z } from 'zod';
import { formatDuration } from '../../shared/units.ts';
import { nodeOf } from '../cluster/cluster.ts';
import { answerOf, isFailure } from './check.ts';
import { defineCheck, judgeEach, notRead } from './define.ts';

const readingTimeoutMs = 15_000;

export const observerQuiet = defineCheck({
  id: 'observer-quiet',
  title: 'Observer is quiet',
  section: 'Pre-Upgrade Requirements › Monitor HA Observer Logs',
  severity: 'blocking',
  remedy: 'Wait until the observer has finished; observer.busyPatterns in the cluster file says which lines count.',
  params: z.strictObject({}),
  words: (_params, { observer }) => `the observer’s log had no busy line for ${formatDuration(observer.quietForMs)}`,
  *evaluate(_params, { cluster, nowMs }) {
    const { logs, busyPatterns, quietForMs, beginPattern, endPattern, units } = cluster.observer;
    const node = nodeOf(cluster, 'observer').name;
    const limit = `no swap or synchronization for ${formatDuration(quietForMs)}`;
    const action = { kind: 'readObserverLog', logs, busyPatterns, quietForMs, beginPattern, endPattern } as const;
    let open: { line: string; sinceMs: number } | undefined;
    const findings = yield* judgeEach([node], action, limit, (log) => {
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
      if (log.openAgoMs !== undefined) open = { line: log.openLine, sinceMs: nowMs - log.openAgoMs };
      return { reading: `quiet, last line ${formatDuration(log.writtenAgoMs)} ago in ${log.file}`, verdict: 'pass' };
    });
    if (open === undefined) return findings;
    // However long ago it began, it goes on unless the observer was started anew since.
    const [result] = yield [{ node, action: { kind: 'readUnits', units }, timeoutMs: readingTimeoutMs }];
    const states = answerOf(result, 'readUnits');
    if (isFailure(states)) return [notRead(node, limit, states)];
    if (states.units.every(({ sinceMs }) => sinceMs > (open?.sinceMs ?? 0))) return findings;
    const reading = `no end was seen of what began ${formatDuration(nowMs - open.sinceMs)} ago: ${open.line.slice(0, 200)}`;
    return [{ node, limit, reading, verdict: 'fail' }];
  },
});
