// How much of the log a replication slot may hold back: a restore writes about as much as the database has, and a standby
// that does not keep up with it is lost.
import { z } from 'zod';
import { formatSize } from '../../shared/units.ts';
import { nodeOf } from '../cluster/cluster.ts';
import { defineCheck, judgeEach, passIf } from './define.ts';

export const slotReserve = defineCheck({
  id: 'slot-reserve',
  title: 'Standby survives a restore',
  section: 'Rollback to Previous Version › Restore from Backup (looked at ahead)',
  severity: 'warning',
  remedy:
    'Raise max_slot_wal_keep_size on the primary for the time of the work. Otherwise a standby that does not keep up with a restore has to be rebuilt from the primary (/opt/HA/slave.sh).',
  params: z.strictObject({}),
  words: (_params, { database }) => `replication slots may hold back as much as ${database.name} has`,
  *evaluate(_params, { cluster }) {
    const action = { kind: 'measureRestore' as const, database: cluster.database.name };
    const limit = '≥ the database, for each slot in use';
    return yield* judgeEach([nodeOf(cluster, 'master', 'db').name], action, limit, ({ databaseBytes, slots }) => {
      const limited = slots.filter(({ active, safeBytes }) => active && safeBytes !== undefined);
      const least = Math.min(...limited.map(({ safeBytes }) => safeBytes ?? 0));
      const reading =
        limited.length === 0
          ? 'nothing limits them'
          : `${formatSize(least)} until a slot is lost, the database has ${formatSize(databaseBytes)}`;
      return { reading, verdict: passIf(limited.length === 0 || least >= databaseBytes) };
    });
  },
});
