// How many errors a minute the application, the observer and their services write: over the limit, and where there is a
// before, over twice of that. Warns only.
import { z } from 'zod';
import type { ActionOf, AnswerOf } from '../../shared/actions/action.ts';
import { formatDuration } from '../../shared/units.ts';
import { type Cluster, nodeOf } from '../cluster/cluster.ts';
import { answerOf, type CheckResult, isFailure } from './check.ts';
import { defineCheck, type Finding, longReadingTimeoutMs, notRead, passIf } from './define.ts';

const growthMax = 2;

export const errorRate = defineCheck({
  id: 'error-rate',
  title: 'Errors in logs',
  section: 'Step 4: Performance Monitoring › Error Rates',
  severity: 'warning',
  remedy:
    'Read the log that is named: /opt/flotomate/main-server/logs/common/error, journalctl -u of the services, /opt/HA/logs. limits.errorRate and errors in the cluster file say what counts.',
  params: z.strictObject({ comparedTo: z.string().nullable() }),
  words: ({ comparedTo }, { limits, errors }) =>
    `at most ${limits.errorRate} errors a minute in ${formatDuration(errors.windowMs)}${comparedTo === null ? '' : ', or no more than twice as many as before'} (warns only)`,
  *evaluate({ comparedTo }, { cluster, earlier }) {
    const asked = readingsOf(cluster, comparedTo !== null);
    const results = yield asked.map(({ node, action }) => ({ node, action, timeoutMs: longReadingTimeoutMs }));
    const before = comparedTo === null ? [] : (earlier?.(comparedTo) ?? []);
    const limit = `≤ ${cluster.limits.errorRate} a minute`;
    return asked.flatMap(({ node }, index) => {
      const answer = answerOf(results[index], 'readErrors');
      return isFailure(answer)
        ? [notRead(node, limit, answer)]
        : answer.sources.map((source) => judge(node, source, answer.windowMs, before, cluster.limits.errorRate));
    });
  },
});

function readingsOf(cluster: Cluster, isAfter: boolean): { node: string; action: ActionOf<'readErrors'> }[] {
  const { application, web, files, observer, errors } = cluster;
  const base = { kind: 'readErrors', pattern: errors.pattern, windowMs: errors.windowMs } as const;
  // What the services' stop and the installer made of errors is not the new version's.
  const lastUnit = application.units.at(-1);
  return [
    {
      node: nodeOf(cluster, 'master', 'app').name,
      action: {
        ...{ ...base, errorLogs: errors.logs, mixedLogs: [], units: [...application.units, web.unit, files.unit] },
        ...(isAfter && lastUnit !== undefined && { sinceUnit: lastUnit }),
      },
    },
    {
      node: nodeOf(cluster, 'observer').name,
      action: { ...base, errorLogs: [], mixedLogs: [observer.logs], units: observer.units },
    },
  ];
}

const words: Record<string, string> = { logs: 'error log', mixed_logs: 'observer’s log', journals: 'journals' };

function judge(
  node: string,
  { source, count, lastLine, isCut }: AnswerOf<'readErrors'>['sources'][number],
  windowMs: number,
  earlier: CheckResult[],
  rateMax: number,
): Finding {
  const rate = count / (windowMs / 60_000);
  const before = earlier.find(
    (one) => one.id === 'error-rate' && one.node === node && one.measure?.of === source,
  )?.measure;
  const limit =
    before === undefined
      ? `≤ ${rateMax} a minute`
      : `≤ ${rateMax} a minute, or twice ${before.value.toFixed(1)} of before`;
  const what = words[source] ?? source;
  const unread = isCut ? ', not all of it could be read' : '';
  const last = lastLine === '' ? '' : `, the last: ${lastLine}`;
  return {
    ...{ node, limit },
    reading: `${what}: ${isCut ? 'at least ' : ''}${count} in ${formatDuration(windowMs)}, ${rate.toFixed(1)} a minute${unread}${last}`,
    // Of what was not read to its beginning nobody knows that there are few.
    verdict: passIf(!isCut && (rate <= rateMax || (before !== undefined && rate <= growthMax * before.value))),
    measure: { value: rate, unit: 'lines/min', of: source },
  };
}
