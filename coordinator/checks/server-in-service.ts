// The server of one major version serves, as what it must be, and no other one of its name runs beside it.
import { z } from 'zod';
import { stoppedAs } from '../databases/side.ts';
import { defineCheck, judgeEach } from './define.ts';
import { describeServer, find, nameOf, runningTwins, type Server } from './server-facts.ts';

export const serverInService = defineCheck({
  id: 'server-in-service',
  title: 'The right PostgreSQL server serves',
  section: 'Database Upgrade Steps',
  severity: 'blocking',
  remedy:
    'Look at pg_lsclusters (systemctl on RHEL) and at the server’s log on the node; one server serves, none beside it.',
  params: z.strictObject({
    node: z.string(),
    major: z.number(),
    name: z.string(),
    as: z.enum(['primary', 'standby']),
    /** Only the database's own user on the node may connect. */
    fenced: z.boolean().optional(),
  }),
  words: ({ node, major, name, as, fenced = false }, { database }) =>
    `${node}: PostgreSQL ${major}/${name} serves at port ${database.port} as ${as}, ${access(fenced)}, also after a reboot; no other one of that name runs`,
  *evaluate({ node, major, name, as, fenced = false }, { cluster }) {
    const { port } = cluster.database;
    const wanted = nameOf({ major, name });
    const limit = `${wanted} at port ${port}, ${as}, ${access(fenced)}, starts at boot`;
    return yield* judgeEach([node], { kind: 'readServers' }, limit, (list) => {
      const twins = runningTwins(list, { major, name });
      if (twins.length > 0)
        return {
          reading: `${twins.map(describeServer).join('; ')} beside ${wanted}`,
          verdict: 'fail',
          remedy: 'Two servers with the same data run: stop the one that nobody writes to, once you know which it is.',
        };
      const server = find(list, major, name);
      if (server === undefined) return { reading: `there is no server ${wanted}`, verdict: 'fail' };
      const reading = describeServer(server);
      if (!server.isRunning)
        return as === 'standby' && wasPrimary(server)
          ? { reading: `${reading}; it was a primary`, verdict: 'fail', remedy: notAsItIs }
          : { reading, verdict: 'fail' };
      if (server.inRecovery === undefined) return { reading, verdict: 'unknown' };
      const isRight =
        server.port === port &&
        server.inRecovery === (as === 'standby') &&
        server.isFenced === fenced &&
        server.startsAtBoot;
      const boot = server.startsAtBoot ? '' : ', does not start at boot';
      return { reading: `${reading}${boot}`, verdict: isRight ? 'pass' : 'fail' };
    });
  },
});

const notAsItIs =
  'Do not start it as it is: it would be a second primary. It becomes a standby by being copied from the primary, which baton run retry does where it is offered.';

/** Of one whose control file cannot be read, nothing is said. */
const wasPrimary = ({ state }: Server): boolean => state !== '' && stoppedAs(state).is === 'primary';

const access = (fenced: boolean): string => (fenced ? 'fenced from clients' : 'open to clients');
