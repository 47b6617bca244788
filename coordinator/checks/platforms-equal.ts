// Both sides run the same versions. A failover makes the standby serve what the master has written: another library orders
// texts otherwise, and indexes that are older than it then miss rows.
import { z } from 'zod';
import type { AnswerOf } from '../../shared/actions/action.ts';
import { type Cluster, nodeOf } from '../cluster/cluster.ts';
import { answerOf, isFailure } from './check.ts';
import { defineCheck, type Finding, notRead } from './define.ts';

const readingTimeoutMs = 15_000;
type Platform = AnswerOf<'readPlatform'>;

export const platformsEqual = defineCheck({
  id: 'platforms-equal',
  title: 'Both sides run the same versions',
  section: 'Supported Operating Systems; Pre-Upgrade Requirements › ServiceOps Version',
  severity: 'blocking',
  remedy: 'Bring both nodes to the same versions (apt-get or dnf on the older one) before the upgrade.',
  params: z.strictObject({}),
  words: () => 'operating system, C library, PostgreSQL and the order of texts are the same on master and standby',
  *evaluate(_params, { cluster }) {
    const tiers = (['app', 'db'] as const).map((tier) => ({
      tier,
      nodes: [nodeOf(cluster, 'master', tier).name, nodeOf(cluster, 'standby', tier).name] as [string, string],
    }));
    const isOneSite = tiers[0]?.nodes.join() === tiers[1]?.nodes.join();
    const looked = isOneSite ? tiers.slice(1) : tiers;
    const results = yield looked.flatMap(({ tier, nodes }) =>
      nodes.map((node) => ({ node, action: actionFor(cluster, tier), timeoutMs: readingTimeoutMs })),
    );
    return looked.flatMap(({ nodes: [master, standby] }, index): Finding[] => {
      const limit = `as on ${master}`;
      const ofMaster = answerOf(results[2 * index], 'readPlatform');
      const ofStandby = answerOf(results[2 * index + 1], 'readPlatform');
      if (isFailure(ofMaster)) return [notRead(master, limit, ofMaster)];
      if (isFailure(ofStandby)) return [notRead(standby, limit, ofStandby)];
      return [{ node: standby, limit, ...compare(ofMaster, ofStandby, master) }, ...collations(ofMaster, master)];
    });
  },
});

const actionFor = ({ database }: Cluster, tier: 'app' | 'db') =>
  tier === 'db' ? { kind: 'readPlatform' as const, database: database.name } : { kind: 'readPlatform' as const };

/** What orders texts by rules of its own, whatever the C library is. */
const ordersByCode = ({ provider, collate }: Platform): boolean =>
  provider === 'b' || (provider === 'c' && /^(?:C|POSIX)(?:\.|$)/i.test(collate));

function compare(a: Platform, b: Platform, master: string): Pick<Finding, 'reading' | 'verdict'> {
  const serious: string[] = [];
  const slight: string[] = [];
  const differ = (what: string, of: (one: Platform) => string, found = serious) => {
    if (of(a) !== of(b)) found.push(`${what} ${of(b) || 'none'}, ${master} has ${of(a) || 'none'}`);
  };
  differ('operating system', ({ os, osVersion }) => `${os} ${osVersion}`);
  differ('architecture', ({ architecture }) => architecture);
  differ('PostgreSQL', ({ postgresql }) => postgresql.split(' ')[0] ?? '');
  differ('encoding', ({ encoding }) => encoding);
  differ('order of texts', ({ provider, collate }) => `${provider} ${collate}`.trim());
  // Which library counts is the database's choice: C orders by code, ICU has versions of its own.
  differ(
    'C library',
    ({ libc }) => libc,
    a.postgresql === '' || ordersByCode(a) || a.provider === 'i' ? slight : serious,
  );
  differ('order of texts of version', ({ actualCollationVersion }) => actualCollationVersion);
  differ('release of the system', ({ osName }) => osName, slight);
  differ('time zone', ({ timezone }) => timezone, slight);
  if (serious.length > 0) return { reading: [...serious, ...slight].join('; '), verdict: 'fail' };
  if (slight.length > 0) return { reading: slight.join('; '), verdict: 'warn' };
  const database =
    b.postgresql === '' ? '' : `, PostgreSQL ${b.postgresql.split(' ')[0]}, ${b.encoding} ordered by ${b.collate}`;
  return { reading: `${b.osName || `${b.os} ${b.osVersion}`}, ${b.libc}${database}`, verdict: 'pass' };
}

/** An index that was made by another version of the library may miss rows already. */
function collations({ collationVersion, actualCollationVersion }: Platform, node: string): Finding[] {
  if (collationVersion === actualCollationVersion || collationVersion === '' || actualCollationVersion === '')
    return [];
  return [
    {
      node,
      limit: `order of texts as its indexes were made with, version ${collationVersion}`,
      reading: `the library’s is ${actualCollationVersion}`,
      verdict: 'warn',
      remedy: `On ${node}: REINDEX DATABASE, then ALTER DATABASE … REFRESH COLLATION VERSION, at a quiet hour.`,
    },
  ];
}
