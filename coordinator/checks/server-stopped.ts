// A server is there, stopped, and does not start by itself; where asked, it is the whole work of one run's pg_upgrade.
import { z } from 'zod';
import { defineCheck, judgeEach, passIf } from './define.ts';
import { describeServer, find, nameOf } from './server-facts.ts';

export const serverStopped = defineCheck({
  id: 'server-stopped',
  title: 'PostgreSQL server is stopped',
  section: 'Database Upgrade Steps',
  severity: 'blocking',
  remedy:
    'Look at its log on the node for why it goes on, and whether somebody started it again; then baton run retry.',
  params: z.strictObject({
    node: z.string(),
    major: z.number(),
    name: z.string(),
    /** The run whose pg_upgrade made it: its mark is written last, so a half made one has none. */
    upgradedBy: z.string().optional(),
  }),
  words: ({ node, major, name, upgradedBy }) =>
    `${node}: PostgreSQL ${major}/${name} ${upgradedBy === undefined ? 'is' : 'is wholly upgraded by this run,'} stopped, and does not start at boot`,
  *evaluate({ node, major, name, upgradedBy }) {
    const wanted = nameOf({ major, name });
    const by = upgradedBy === undefined ? '' : `, upgraded by ${upgradedBy}`;
    const limit = `${wanted} stopped, not at boot${by}`;
    return yield* judgeEach([node], { kind: 'readServers' }, limit, (list) => {
      const server = find(list, major, name);
      if (server === undefined) return { reading: `there is no server ${wanted}`, verdict: 'fail' };
      const reading = describeServer(server);
      if (upgradedBy !== undefined && server.upgradedBy !== upgradedBy)
        return {
          reading: `${reading}, ${server.upgradedBy === '' ? 'not wholly upgraded' : `upgraded by ${server.upgradedBy}`}`,
          verdict: 'fail',
        };
      return { reading, verdict: passIf(!server.isRunning && !server.startsAtBoot) };
    });
  },
});
