// Something sets each node's clock, and it is set: an offset that is small today grows by tomorrow night otherwise.
import { z } from 'zod';
import { defineCheck, judgeEach } from './define.ts';
import { allNodes } from './site-nodes.ts';

export const timeSynchronized = defineCheck({
  id: 'time-synchronized',
  title: 'Clocks are synchronized',
  section: 'beyond the guide: logs of several nodes are read side by side',
  severity: 'warning',
  remedy:
    'timedatectl set-ntp true on the node, then timedatectl; requires.timeSync in the cluster file says why none is needed.',
  params: z.strictObject({}),
  words: (_params, { requires }) =>
    requires.timeSync === undefined
      ? 'every node’s clock is set by NTP (warns only)'
      : `clocks are not set by the nodes themselves: ${requires.timeSync.none}`,
  *evaluate(_params, { cluster }) {
    const { timeSync } = cluster.requires;
    return yield* judgeEach(
      allNodes(cluster),
      { kind: 'readPlatform' },
      'set by NTP',
      ({ timeSynchronized: state }) => {
        const reading = state === '' ? 'systemd could not be asked' : `NTP synchronized: ${state}`;
        if (timeSync !== undefined) return { reading: `${reading}; not needed: ${timeSync.none}`, verdict: 'pass' };
        if (state === '') return { reading, verdict: 'unknown' };
        return { reading, verdict: state === 'yes' ? 'pass' : 'fail' };
      },
    );
  },
});
