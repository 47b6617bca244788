// No database of a node takes writes from clients: what is there may be replaced without losing what somebody wrote last, and
// another one may serve without being a second primary.
import { z } from 'zod';
import { defineCheck, judgeEach } from './define.ts';
import { describeServer, inService } from './server-facts.ts';

export const noOpenPrimary = defineCheck({
  id: 'no-open-primary',
  title: 'Nobody writes into the other database',
  section: 'beyond the guide: the newer side is never overwritten by an older one',
  severity: 'blocking',
  remedy:
    'Somebody made it a primary that clients may write into: leave both databases as they are. baton recover of the cluster looks anew, takes over from this run, and tells which side is newer.',
  neverAccepted: 'two databases that take writes part, and what one of them took is lost',
  params: z.strictObject({ node: z.string() }),
  words: ({ node }, { database }) =>
    `${node}: no PostgreSQL server at port ${database.port} is a primary that clients could write into`,
  *evaluate({ node }, { cluster }) {
    const { port } = cluster.database;
    return yield* judgeEach([node], { kind: 'readServers' }, 'no primary that is open to clients', (list) => {
      const server = inService(list, port);
      if (server === undefined) return { reading: `none runs at port ${port}`, verdict: 'pass' };
      const reading = describeServer(server);
      if (server.isFenced || server.inRecovery === true) return { reading, verdict: 'pass' };
      return { reading, verdict: server.inRecovery === undefined ? 'unknown' : 'fail' };
    });
  },
});
