// The clocks of coordinator and nodes agree, so that ages in logs and leases mean what they say.
import { z } from 'zod';
import { formatDuration } from '../../shared/units.ts';
import { defineCheck } from './define.ts';

export const clockOffset = defineCheck({
  id: 'clock-offset',
  title: 'Clocks agree',
  section: 'beyond the guide: ages in the observer’s log and leases are judged by the nodes’ clocks',
  severity: 'blocking',
  remedy: 'Let chrony or systemd-timesyncd set the clock of the node (chronyc tracking, timedatectl).',
  params: z.strictObject({}),
  words: (_params, { limits }) =>
    `every node’s clock is within ${formatDuration(limits.clockOffsetMs)} of the coordinator’s`,
  *evaluate(_params, { cluster, presence }) {
    return cluster.nodes.map(({ name: node }) => {
      const offsetMs = presence.find((one) => one.node === node)?.clockOffsetMs;
      const limit = `≤ ${formatDuration(cluster.limits.clockOffsetMs)}`;
      if (offsetMs === undefined) return { node, limit, reading: 'not measured yet', verdict: 'unknown' as const };
      return {
        node,
        limit,
        reading: `${offsetMs < 0 ? '−' : ''}${formatDuration(Math.abs(offsetMs))}`,
        verdict: Math.abs(offsetMs) <= cluster.limits.clockOffsetMs ? ('pass' as const) : ('fail' as const),
      };
    });
  },
});
