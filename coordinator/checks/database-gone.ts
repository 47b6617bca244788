// A database that was set aside is no longer there.
import { z } from 'zod';
import { nodeOf } from '../cluster/cluster.ts';
import { defineCheck, judgeEach, passIf } from './define.ts';

export const databaseGone = defineCheck({
  id: 'database-gone',
  title: 'Database is dropped',
  section: 'beyond the guide: what a rollback has kept is given up',
  severity: 'blocking',
  remedy: 'Look who is connected to it on the primary, then baton run retry.',
  params: z.strictObject({ database: z.string() }),
  words: ({ database }, cluster) => `${nodeOf(cluster, 'master', 'db').name}: there is no database ${database}`,
  *evaluate({ database }, { cluster }) {
    const node = nodeOf(cluster, 'master', 'db').name;
    const catalogue = { table: 'pg_catalog.pg_database', column: 'datname', value: database };
    const action = { kind: 'findRows', database: cluster.database.name, ...catalogue } as const;
    return yield* judgeEach([node], action, `no database ${database}`, ({ rows }) => ({
      reading: rows === 0 ? 'is not there' : 'is still there',
      verdict: passIf(rows === 0),
    }));
  },
});
