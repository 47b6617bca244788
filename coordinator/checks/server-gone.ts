// A server that is no longer needed is removed with its data, and none of that name is in the way.
import { z } from 'zod';
import { defineCheck, judgeEach } from './define.ts';
import { describeServer, find, nameOf } from './server-facts.ts';

export const serverGone = defineCheck({
  id: 'server-gone',
  title: 'PostgreSQL server is removed',
  section: 'beyond the guide: servers that a database upgrade has kept are given up',
  severity: 'blocking',
  remedy: 'Look what still uses its directories on the node (fuser -vm), then baton run retry.',
  params: z.strictObject({ node: z.string(), major: z.number(), name: z.string() }),
  words: ({ node, major, name }) => `${node}: there is no PostgreSQL server ${major}/${name}`,
  *evaluate({ node, major, name }) {
    const limit = `no server ${nameOf({ major, name })}`;
    return yield* judgeEach([node], { kind: 'readServers' }, limit, (list) => {
      const server = find(list, major, name);
      if (server === undefined) return { reading: 'is not there', verdict: 'pass' };
      return { reading: describeServer(server), verdict: 'fail' };
    });
  },
});
