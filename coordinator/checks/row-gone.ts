// The row of the test ticket is gone from both databases.
import { z } from 'zod';
import { nodeOf } from '../cluster/cluster.ts';
import { defineCheck, judgeEach, passIf } from './define.ts';

export const rowGone = defineCheck({
  id: 'row-gone',
  title: 'Test ticket is removed',
  section: 'Database Sync Check › Create a test ticket (removed again)',
  severity: 'blocking',
  remedy: 'Remove the ticket in the portal; its subject is the value that is looked for.',
  params: z.strictObject({ table: z.string(), column: z.string(), value: z.string() }),
  words: ({ table, column, value }) => `no row of ${table} with ${column} = ${value} on either database`,
  *evaluate({ table, column, value }, { cluster }) {
    const action = { kind: 'findRows', database: cluster.database.name, table, column, value } as const;
    const nodes = [nodeOf(cluster, 'master', 'db').name, nodeOf(cluster, 'standby', 'db').name];
    return yield* judgeEach(nodes, action, `no row of ${table} with ${column} = ${value}`, ({ rows }) => ({
      reading: `${rows} rows`,
      verdict: passIf(rows === 0),
    }));
  },
});
