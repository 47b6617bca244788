// What passes between the databases is encrypted, as the cluster file asks for.
import { z } from 'zod';
import { nodeOf } from '../cluster/cluster.ts';
import { defineCheck, judgeEach } from './define.ts';

export const replicationEncrypted = defineCheck({
  id: 'replication-encrypted',
  title: 'Replication is encrypted',
  section: 'Security Considerations › Network Security: secure communication between HA nodes',
  severity: 'warning',
  remedy:
    'Set ssl = on on the primary and sslmode=verify-full in primary_conninfo of the standby (database.replication.options in the cluster file for one that is made anew); security.encrypted: false does without.',
  params: z.strictObject({}),
  words: (_params, { security }) =>
    security.encrypted ? 'every standby streams over TLS (warns only)' : 'replication may be in plain text',
  *evaluate(_params, { cluster }) {
    const limit = cluster.security.encrypted ? 'TLS' : 'none, by security.encrypted';
    const action = { kind: 'readReplication', database: cluster.database.name } as const;
    return yield* judgeEach([nodeOf(cluster, 'master', 'db').name], action, limit, ({ clients }) => {
      // A local one crosses no network.
      const plain = clients.filter(({ encrypted, address }) => !encrypted && address !== 'local');
      if (plain.length === 0) return { reading: `${clients.length} connected, all encrypted`, verdict: 'pass' };
      return {
        reading: `not encrypted: ${plain.map(({ address }) => address).join(', ')}`,
        verdict: cluster.security.encrypted ? 'fail' : 'pass',
      };
    });
  },
});
