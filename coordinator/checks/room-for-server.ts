// Room for a whole server of the version before, made beside what is there: looked at before anything is stopped, since a
// way back that ends for want of room ends in the middle.
import { z } from 'zod';
import { formatSize } from '../../shared/units.ts';
import { answerOf, isFailure } from './check.ts';
import { defineCheck, type Finding, notRead, passIf } from './define.ts';
import { databaseNodes, find, nameOf, type ServerList } from './server-facts.ts';

const readingTimeoutMs = 15_000;
/** A copy needs the log that is written meanwhile, a restore builds indexes anew; until it is whole what was there stays. */
const roomFactor = 1.2;
const spareBytes = 512 * 1024 ** 2;

interface Majors {
  from: number;
  to: number;
  name: string;
}

/** What a server of the size of what there is needs; undefined where there is none that tells its size. */
export function neededBesides(lists: readonly ServerList[], { from, to, name }: Majors): number | undefined {
  const sizes = (major: number) => lists.flatMap((list) => find(list, major, name)?.bytes ?? []);
  const bytes = Math.max(0, ...sizes(from)) || Math.max(0, ...sizes(to));
  return bytes === 0 ? undefined : bytes * roomFactor + spareBytes;
}

export const roomForServer = defineCheck({
  id: 'room-for-server',
  title: 'Room for the server of the version before',
  section: 'Rollback to Previous Version (looked at ahead)',
  severity: 'blocking',
  remedy: 'Make room on the file system of the data, then baton run retry.',
  neverAccepted: 'without it there is no way back',
  params: z.strictObject({ nodes: z.array(z.string()).min(1), from: z.number(), to: z.number(), name: z.string() }),
  words: ({ nodes, from, name }) =>
    `${nodes.join(', ')}: ${roomFactor} × PostgreSQL ${nameOf({ major: from, name })} and ${formatSize(spareBytes)} are free beside what is there`,
  *evaluate({ nodes, ...majors }, { cluster }) {
    const all: string[] = databaseNodes(cluster);
    const results = yield all.map((node) => ({
      node,
      action: { kind: 'readServers' as const },
      timeoutMs: readingTimeoutMs,
    }));
    const read = all.map((node, index) => ({ node, list: answerOf(results[index], 'readServers') }));
    const limit = 'a whole server fits beside what is there';
    const lists: ServerList[] = [];
    for (const { node, list } of read) {
      if (isFailure(list)) return [notRead(node, limit, list)];
      lists.push(list);
    }
    const neededBytes = neededBesides(lists, majors);
    return nodes.map((node): Finding => {
      const freeBytes = lists[all.indexOf(node)]?.freeBytes;
      if (neededBytes === undefined || freeBytes === undefined)
        return {
          node,
          limit,
          reading: `nobody knows how large ${nameOf({ ...majors, major: majors.from })} is`,
          verdict: 'unknown',
        };
      return {
        node,
        limit: `≥ ${formatSize(neededBytes)} free`,
        reading: `${formatSize(freeBytes)} free`,
        verdict: passIf(freeBytes >= neededBytes),
      };
    });
  },
});
