// No replication slot has lost what its standby still needs: that standby would never catch up.
import { z } from 'zod';
import { nodeOf } from '../cluster/cluster.ts';
import { defineCheck, judgeEach, passIf } from './define.ts';

export const slotsWhole = defineCheck({
  id: 'slots-whole',
  title: 'Replication slots are whole',
  section: 'Rollback to Previous Version › Restore from Backup: the standby follows',
  severity: 'blocking',
  remedy:
    'The standby has lost the primary and has to be rebuilt from it (/opt/HA/slave.sh on the standby), with max_slot_wal_keep_size raised; then baton run retry.',
  params: z.strictObject({}),
  words: (_params, cluster) => `${nodeOf(cluster, 'master', 'db').name}: no replication slot is lost`,
  *evaluate(_params, { cluster }) {
    const action = { kind: 'measureRestore' as const, database: cluster.database.name };
    return yield* judgeEach([nodeOf(cluster, 'master', 'db').name], action, 'no slot is lost', ({ slots }) => {
      const lost = slots.filter(({ walStatus }) => walStatus === 'lost').map(({ slot }) => slot);
      const reading = lost.length === 0 ? `${slots.length} slots, none is lost` : `${lost.join(', ')} is lost`;
      return { reading, verdict: passIf(lost.length === 0) };
    });
  },
});
