// The site was looked at lately, and was well then: an upgrade is no night to find out how the last weeks were.
import { z } from 'zod';
import { formatDuration } from '../../shared/units.ts';
import { defineCheck, type Finding } from './define.ts';

export const probeRecent = defineCheck({
  id: 'probe-recent',
  title: 'Probed lately',
  section: 'Performance Optimization › Monitoring and Maintenance › Regular Health Checks',
  severity: 'warning',
  remedy: 'baton probes history shows what was found; baton schedule add has the cluster looked at every night.',
  params: z.strictObject({}),
  words: (_params, { limits }) =>
    `a probe within ${formatDuration(limits.probeAgeMs)} that found nothing failing (warns only)`,
  *evaluate(_params, { cluster, nowMs, lastProbe }) {
    const limit = `within ${formatDuration(cluster.limits.probeAgeMs)}, without a failing check`;
    const finding = (reading: string, verdict: Finding['verdict']): Finding[] => [
      { node: '', limit, reading, verdict, remedy: remedyFor(cluster.cluster) },
    ];
    if (lastProbe === undefined) return finding('no probe was ever taken', 'fail');
    const ageMs = Math.max(0, nowMs - Date.parse(lastProbe.startedAt));
    const ago = `last probe ${formatDuration(ageMs)} ago`;
    if (!(ageMs <= cluster.limits.probeAgeMs)) return finding(ago, 'fail');
    if (lastProbe.run !== undefined) return finding(`${ago}, while run ${lastProbe.run} held the cluster`, 'pass');
    const bad = lastProbe.checks.filter(({ verdict }) => verdict === 'fail' || verdict === 'unknown');
    if (bad.length === 0) return finding(`${ago}, ${lastProbe.verdict}`, 'pass');
    const names = [...new Set(bad.map(({ id }) => id))].slice(0, 5).join(', ');
    return finding(`${ago}, ${bad.length} not passed: ${names}`, 'fail');
  },
});

const remedyFor = (cluster: string): string =>
  `baton probes history ${cluster} shows what was found; have it looked at every night: baton schedule add ${cluster} --probe --cron '0 2 * * *' --timezone …`;
