// The databases are still what a recovery's plan was made for: whoever is primary may have changed since, and a plan that
// acts on what was would overwrite the wrong side.
import { z } from 'zod';
import { describeSide, isKnown, type Side, sideOf } from '../databases/side.ts';
import { defineCheck, judgeEach } from './define.ts';

const side = z.strictObject({
  node: z.string(),
  is: z.enum(['primary', 'standby', 'lost']),
  major: z.number(),
  systemIdentifier: z.string(),
  timeline: z.number(),
  /** It is set aside as it was found: what is written once it runs would go unseen. */
  staysStopped: z.boolean().optional(),
});

export const sidesAsFound = defineCheck({
  id: 'sides-as-found',
  title: 'The database is what the plan was made for',
  section: 'Cluster Recovery',
  severity: 'blocking',
  remedy:
    'Something has changed since the plan was made; nothing of it is acted on. baton recover of the cluster looks anew and takes over from this run.',
  neverAccepted: 'the plan was made for databases as they were',
  params: z.strictObject({ sides: z.array(side).min(1) }),
  words: ({ sides }) => sides.map((one) => `${one.node}: ${wordsOf(one)}`).join('; '),
  *evaluate({ sides }, { cluster }) {
    const { port } = cluster.database;
    const limitOf = (node: string) => {
      const one = sides.find((asked) => asked.node === node);
      return one === undefined ? '' : wordsOf(one);
    };
    const nodes = sides.map(({ node }) => node);
    const findings = yield* judgeEach(nodes, { kind: 'readServers' }, '', (list, node) => {
      const asked = sides.find((one) => one.node === node);
      const now = sideOf({ ...list, streams: false }, port);
      const reading = describeSide(now);
      if (now.is === 'starting') return { reading, verdict: 'unknown' };
      return { reading, verdict: asked !== undefined && isSame(asked, now) ? 'pass' : 'fail' };
    });
    return findings.map((finding) => ({ ...finding, limit: limitOf(finding.node) }));
  },
});

type Asked = z.infer<typeof side>;

/** As parameters: what stays the same as long as nobody promotes, restores or starts something of another history. */
export function asFound(node: string, found: Side, isSetAside = false): Asked {
  if (!isKnown(found)) return { node, is: 'lost', major: 0, systemIdentifier: '', timeline: 0 };
  const { major, systemIdentifier, timeline } = found.server;
  const stays = isSetAside && !found.isRunning && { staysStopped: true };
  return { node, is: found.is, major, systemIdentifier, timeline, ...stays };
}

function isSame(asked: Asked, now: Side): boolean {
  if (!isKnown(now)) return asked.is === now.is;
  const { major, systemIdentifier, timeline } = now.server;
  return (
    !(asked.staysStopped && now.isRunning) &&
    asked.is === now.is &&
    asked.major === major &&
    asked.systemIdentifier === systemIdentifier &&
    asked.timeline === timeline
  );
}

const wordsOf = ({ is, major, timeline, systemIdentifier, staysStopped }: Asked): string =>
  is === 'lost'
    ? 'no database that could be started'
    : `PostgreSQL ${major}, ${is}${staysStopped ? ', not running' : ''}, timeline ${timeline} of ${systemIdentifier || 'an unknown system'}`;
