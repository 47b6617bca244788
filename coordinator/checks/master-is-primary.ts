// The database that is backed up is the one that clients write to. Which one that is, is read, never assumed.
import { z } from 'zod';
import { serverDatabase } from '../../shared/actions/sql.ts';
import { nodeOf } from '../cluster/cluster.ts';
import { defineCheck, judgeEach } from './define.ts';

export const masterIsPrimary = defineCheck({
  id: 'master-is-primary',
  title: 'The master’s database is the primary',
  section: 'Pre-Upgrade Requirements › Database Backup: from the master node',
  severity: 'blocking',
  remedy:
    'A failover happened. Fail back first (baton recover does); only where nothing is to be gone back to may the roles in the cluster file be corrected instead.',
  neverAccepted: 'nothing is upgraded while it is not certain which database is the one primary',
  params: z.strictObject({}),
  words: (_params, cluster) => `${nodeOf(cluster, 'master', 'db').name}: primary, accepting writes`,
  *evaluate(_params, { cluster }) {
    const node = nodeOf(cluster, 'master', 'db').name;
    // Not through the application’s own database: a restore that was killed leaves none for a while, and goes on from there.
    const action = { kind: 'readReplication', database: serverDatabase } as const;
    return yield* judgeEach([node], action, 'primary, accepting writes', ({ inRecovery, acceptsWrites }) => {
      if (inRecovery) return { reading: 'is a standby (in recovery)', verdict: 'fail' };
      return acceptsWrites
        ? { reading: 'is the primary', verdict: 'pass' }
        : { reading: 'is a primary, but read-only', verdict: 'fail' };
    });
  },
});
