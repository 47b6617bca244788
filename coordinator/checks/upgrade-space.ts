// Room for a copy of the database's data, as pg_upgrade makes it: told long before somebody upgrades the database.
import { z } from 'zod';
import { formatSize } from '../../shared/units.ts';
import { nodeOf } from '../cluster/cluster.ts';
import { defineCheck, judgeEach, passIf } from './define.ts';

/** What is written beside the copy while it is made: logs, indexes' statistics, the new server's own. */
const reserveBytes = 512 * 1024 ** 2;

export const upgradeSpace = defineCheck({
  id: 'upgrade-space',
  title: 'Disk space for pg_upgrade',
  section: 'Pre-Upgrade Requirements › Disk Space (Database Upgrade Steps, optional)',
  severity: 'warning',
  remedy: 'Free or add space under the database’s data on the node; a database upgrade with --mode link needs none.',
  params: z.strictObject({}),
  words: () =>
    'room for a copy of the database’s data on both nodes (warns only: a database upgrade looks at it again)',
  *evaluate(_params, { cluster }) {
    const nodes = (['master', 'standby'] as const).map((role) => nodeOf(cluster, role, 'db').name);
    return yield* judgeEach(nodes, { kind: 'readServers' }, 'a copy of the data fits', ({ servers, freeBytes }) => {
      const inService = servers.filter(({ isRunning, port }) => isRunning && port === cluster.database.port);
      const [server] = inService;
      if (server === undefined) return { reading: 'no server is in service', verdict: 'unknown' };
      return {
        reading: `${formatSize(server.bytes)} of data, ${formatSize(freeBytes)} free`,
        verdict: passIf(freeBytes >= server.bytes + reserveBytes),
        measure: { value: freeBytes, unit: 'bytes' },
      };
    });
  },
});
