// Nobody gets into the database without showing who he is.
import { z } from 'zod';
import { openRules } from './access-rules.ts';
import { defineCheck, judgeEach } from './define.ts';
import { databaseNodes } from './server-facts.ts';

const namedMax = 5;

export const databaseClosed = defineCheck({
  id: 'database-closed',
  title: 'Database lets nobody in unasked',
  section: 'Security Considerations › Database Security: access',
  severity: 'blocking',
  remedy:
    'Change the lines that are named in pg_hba.conf of the node (SHOW hba_file): scram-sha-256 for roles and addresses that need it, hostssl where passwords pass; then SELECT pg_reload_conf().',
  params: z.strictObject({}),
  words: (_params, cluster) =>
    `${databaseNodes(cluster).join(', ')}: no rule of pg_hba.conf lets everybody, or a superuser from afar, in without a password`,
  *evaluate(_params, { cluster }) {
    const action = { kind: 'readAccess', database: cluster.database.name } as const;
    const limit = 'no trust or ident for all roles, superusers or any address; no password in plain text';
    return yield* judgeEach(databaseNodes(cluster), action, limit, (access) => {
      const open = openRules(access);
      if (open.length === 0) return { reading: `${access.rules.length} rules, none of them open`, verdict: 'pass' };
      return { reading: open.slice(0, namedMax).join('; ').slice(0, 600), verdict: 'fail' };
    });
  },
});
