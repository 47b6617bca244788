// How long the portal takes to answer, as the observer's node sees it: the middle of several requests. Warns only.
import { z } from 'zod';
import type { ActionOf, AnswerOf } from '../../shared/actions/action.ts';
import { formatDuration } from '../../shared/units.ts';
import { nodeOf } from '../cluster/cluster.ts';
import { isFailure } from './check.ts';
import { defineCheck, notRead, passIf, readFrom } from './define.ts';

const requests = 5;
/** Twice as long as before, and noticeably so. */
const growthMax = 2;
const noticeableMs = 250;

export const responseTime = defineCheck({
  id: 'response-time',
  title: 'Portal’s response time',
  section: 'Step 4: Performance Monitoring › Service Response Times',
  severity: 'warning',
  remedy:
    'Look at the load of the master and at ft-main-server’s log; right after a start the first requests take longer. limits.responseTime in the cluster file is the limit.',
  params: z.strictObject({ comparedTo: z.string().nullable() }),
  words: ({ comparedTo }, { application, limits }) =>
    `${application.portal.url} answers within ${formatDuration(limits.responseTimeMs)}${comparedTo === null ? '' : ', and not in twice the time of before'} (warns only)`,
  *evaluate({ comparedTo }, { cluster, earlier }) {
    const { url, expectStatus } = cluster.application.portal;
    const node = nodeOf(cluster, 'observer').name;
    const action: ActionOf<'readUrl'> = { kind: 'readUrl', url, headers: [] };
    const before =
      comparedTo === null
        ? undefined
        : earlier?.(comparedTo).find((one) => one.id === 'response-time' && one.node === node)?.measure?.value;
    const limitMs = cluster.limits.responseTimeMs;
    const limit = `≤ ${formatDuration(limitMs)}${before === undefined ? '' : `, before ${formatDuration(before)}`}`;
    const answers: AnswerOf<'readUrl'>[] = [];
    for (let request = 0; request < requests; request += 1) {
      const answer = yield* readFrom(node, action);
      if (isFailure(answer)) return [notRead(node, limit, answer)];
      answers.push(answer);
    }
    const wrong = answers.find(({ status }) => status !== expectStatus);
    if (wrong !== undefined) return [{ node, limit, reading: `${url} answered ${wrong.status}`, verdict: 'fail' }];
    const times = answers.map(({ elapsedMs }) => elapsedMs).sort((a, b) => a - b);
    const medianMs = times[Math.floor(times.length / 2)] ?? 0;
    const isSlower = before !== undefined && medianMs > growthMax * before && medianMs > before + noticeableMs;
    return [
      {
        ...{ node, limit },
        reading: `${formatDuration(medianMs)} in the middle of ${requests}, at most ${formatDuration(times.at(-1) ?? 0)}`,
        verdict: passIf(medianMs <= limitMs && !isSlower),
        measure: { value: medianMs, unit: 'ms' },
      },
    ];
  },
});
