// The row of the test ticket is on the standby.
import { z } from 'zod';
import { nodeOf } from '../cluster/cluster.ts';
import { defineCheck, judgeEach, passIf } from './define.ts';

export const rowArrived = defineCheck({
  id: 'row-arrived',
  title: 'Test ticket is on the standby',
  section: 'Database Sync Check › Create a test ticket',
  severity: 'blocking',
  remedy: 'Look whether the ticket was created, and at replication (baton cluster show).',
  params: z.strictObject({ table: z.string(), column: z.string(), value: z.string() }),
  words: ({ table, column, value }, cluster) =>
    `${nodeOf(cluster, 'standby', 'db').name}: a row of ${table} with ${column} = ${value}`,
  *evaluate({ table, column, value }, { cluster }) {
    const action = { kind: 'findRows', database: cluster.database.name, table, column, value } as const;
    const node = nodeOf(cluster, 'standby', 'db').name;
    return yield* judgeEach([node], action, `a row of ${table} with ${column} = ${value}`, ({ rows }) => ({
      reading: `${rows} rows`,
      verdict: passIf(rows >= 1),
    }));
  },
});
