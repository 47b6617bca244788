// No database is kept from clients by a fence that an aborted run has left: whatever begins now would find out halfway.
import { z } from 'zod';
import { defineCheck, judgeEach } from './define.ts';
import { databaseNodes, describeServer, inService } from './server-facts.ts';

export const notFenced = defineCheck({
  id: 'not-fenced',
  title: 'No database is fenced from clients',
  section: 'Pre-Upgrade Requirements › HA Cluster Status: healthy',
  severity: 'blocking',
  remedy:
    'A run that was aborted has left it so (baton run ls). Where that was a database upgrade, baton run rollback of it; else baton recover of the cluster: each opens it again and has the standby follow.',
  neverAccepted: 'whatever begins now would find out halfway that clients are kept out',
  params: z.strictObject({}),
  words: (_params, cluster) =>
    `${databaseNodes(cluster).join(', ')}: the PostgreSQL server at port ${cluster.database.port} lets clients in`,
  *evaluate(_params, { cluster }) {
    return yield* judgeEach(databaseNodes(cluster), { kind: 'readServers' }, 'not fenced', (list) => {
      // Whether one runs at all is another check's affair.
      const server = inService(list, cluster.database.port);
      if (server === undefined) return { reading: `none runs at port ${cluster.database.port}`, verdict: 'pass' };
      return { reading: describeServer(server), verdict: server.isFenced ? 'fail' : 'pass' };
    });
  },
});
