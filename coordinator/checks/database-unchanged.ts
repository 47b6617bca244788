// A database that a rollback keeps is what its plan took it for: the schema is the backup's, and where that is why it is kept,
// nothing was written to it since the installer was about to start.
import { z } from 'zod';
import { nodeOf } from '../cluster/cluster.ts';
import { stateText } from './database-noted.ts';
import { defineCheck, judgeEach, longReadingTimeoutMs } from './define.ts';

export const databaseUnchanged = defineCheck({
  id: 'database-unchanged',
  title: 'Database that is kept is unchanged',
  section: 'Rollback to Previous Version › Restore from Backup: nothing to restore',
  severity: 'blocking',
  remedy:
    'It was changed since this plan was made: baton run abort ends this run, then baton run rollback of the original run with --database restore plans anew.',
  params: z.strictObject({
    schemaDigest: z.string(),
    /** As it was noted; null where only the schema counts. */
    noted: z.string().nullable(),
  }),
  words: ({ noted }, { database }) =>
    `${database.name} has the schema of the backup${noted === null ? '' : ', and nothing was written to it since it was noted'}`,
  *evaluate({ schemaDigest, noted }, { cluster }) {
    const { name: database } = cluster.database;
    const limit = noted ?? `schema ${schemaDigest.slice(0, 16)}`;
    return yield* judgeEach(
      [nodeOf(cluster, 'master', 'db').name],
      { kind: 'readDatabaseState' as const, database },
      limit,
      (state) => {
        if (state.schemaDigest !== schemaDigest)
          return { reading: `its schema is another: ${stateText(state)}`, verdict: 'fail' };
        if (noted !== null && stateText(state) !== noted)
          return { reading: `was written to: ${stateText(state)}`, verdict: 'fail' };
        return { reading: noted === null ? 'the schema is the backup’s' : 'nothing was written', verdict: 'pass' };
      },
      longReadingTimeoutMs,
    );
  },
});
