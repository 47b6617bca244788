// A server of the version before is there and was never given up to a newer one that shares its files: it can serve again.
import { z } from 'zod';
import { defineCheck, judgeEach, passIf } from './define.ts';
import { describeServer, find, nameOf } from './server-facts.ts';

export const serverUsable = defineCheck({
  id: 'server-usable',
  title: 'The old server can serve again',
  section: 'Rollback to Previous Version',
  severity: 'blocking',
  remedy: 'Something has changed since the way back was planned: baton run abort, then baton run rollback plans anew.',
  params: z.strictObject({ node: z.string(), major: z.number(), name: z.string() }),
  words: ({ node, major, name }) =>
    `${node}: PostgreSQL ${nameOf({ major, name })} is there, its files not those of a newer one`,
  *evaluate({ node, major, name }) {
    const wanted = nameOf({ major, name });
    return yield* judgeEach([node], { kind: 'readServers' }, `${wanted}, not spent`, (list) => {
      const server = find(list, major, name);
      if (server === undefined) return { reading: `there is no server ${wanted}`, verdict: 'fail' };
      return { reading: describeServer(server), verdict: passIf(!server.isSpent) };
    });
  },
});
