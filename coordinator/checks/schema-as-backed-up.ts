// After the previous version's installer has run on a restored database: whether it has the schema that was backed up. What
// an installer does to a database is its own affair, but people are told.
import { z } from 'zod';
import { nodeOf } from '../cluster/cluster.ts';
import { defineCheck, judgeEach, longReadingTimeoutMs } from './define.ts';

const told = 16;

export const schemaAsBackedUp = defineCheck({
  id: 'schema-as-backed-up',
  title: 'Schema is that of the backup',
  section: 'Rollback to Previous Version › Reinstall Previous Version',
  severity: 'warning',
  remedy:
    'The installer of the previous version has changed the restored database. Ask its vendor whether that version is to have this schema; the database as it was lies in the backup.',
  params: z.strictObject({ schemaDigest: z.string() }),
  words: (_params, { database }) => `${database.name} has the schema of the backup`,
  *evaluate({ schemaDigest }, { cluster }) {
    return yield* judgeEach(
      [nodeOf(cluster, 'master', 'db').name],
      { kind: 'readDatabaseState' as const, database: cluster.database.name },
      `schema ${schemaDigest.slice(0, told)}`,
      ({ schemaDigest: now }) =>
        now === schemaDigest
          ? { reading: 'the schema is the backup’s', verdict: 'pass' }
          : { reading: `the schema is another: ${now.slice(0, told)}`, verdict: 'fail' },
      longReadingTimeoutMs,
    );
  },
});
