// Who owns the application's files: the synchronized ones belong to one user, the same on both sides, nothing of the
// application can be written by everybody, and nothing of it runs as somebody else.
import { z } from 'zod';
import type { AnswerOf } from '../../shared/actions/action.ts';
import { type Cluster, nodeOf } from '../cluster/cluster.ts';
import { answerOf, isFailure } from './check.ts';
import { defineCheck, type Finding, notRead } from './define.ts';

const entriesMax = 20_000;
const readingTimeoutMs = 60_000;
type Owners = AnswerOf<'readOwners'>;

export const filesOwned = defineCheck({
  id: 'files-owned',
  title: 'Files belong to whom they should',
  section:
    'Post-Upgrade Security › File Permissions; File Synchronization Issues › Check file permissions and ownership',
  severity: 'blocking',
  remedy: 'chown -R and chmod -R o-w the tree on the node; security.owners in the cluster file says who must own it.',
  params: z.strictObject({}),
  words: (_params, cluster) =>
    `${treesOf(cluster)
      .map(({ path }) => path)
      .join(', ')}: one owner, writable by nobody else (samples)`,
  *evaluate(_params, { cluster }) {
    const nodes = (['master', 'standby'] as const).map((role) => nodeOf(cluster, role, 'app').name);
    const trees = treesOf(cluster);
    const results = yield trees.flatMap(({ path, excludes }) =>
      nodes.map((node) => ({
        node,
        action: { kind: 'readOwners' as const, root: path, entries: entriesMax, excludes },
        timeoutMs: readingTimeoutMs,
      })),
    );
    return trees.flatMap(({ path, owner, mixed }, at): Finding[] => {
      const read = nodes.map((_node, index) => answerOf(results[at * nodes.length + index], 'readOwners'));
      const most = owner ?? mostOf(read.flatMap((one) => (isFailure(one) ? [] : [one])));
      return nodes.map((node, index): Finding => {
        const limit = `${path} ${mixed ? `${most}’s or root’s` : `all ${most}’s`}, writable by nobody else`;
        const answer = read[index];
        if (answer === undefined || isFailure(answer)) return notRead(node, limit, answer ?? nothing);
        return { node, limit, ...judge(answer, { path, owner: most, mixed }, node) };
      });
    });
  },
});

const nothing = { code: 'internal', message: 'no reading was taken', retryable: false, evidence: '' } as const;

interface Tree {
  path: string;
  /** Undefined: whoever owns most of it on both sides. */
  owner: string | undefined;
  /** Root's files among them are as usual: programs that only root may replace. */
  mixed: boolean;
  /** Looked at by themselves. */
  excludes: string[];
}

function treesOf({ files, application, security }: Cluster): Tree[] {
  const home = application.version.file.slice(0, application.version.file.lastIndexOf('/'));
  const told = Object.entries(security.owners).map(([path, owner]) => ({ path, owner, mixed: false }));
  const usual = [
    { path: files.root, owner: undefined, mixed: false },
    ...(home.split('/').length > 2 ? [{ path: home, owner: undefined, mixed: true }] : []),
  ].filter(({ path }) => !told.some((one) => one.path === path));
  const trees = [...told, ...usual];
  return trees.map((tree) => ({
    ...tree,
    excludes: trees.map(({ path }) => path).filter((path) => path.startsWith(`${tree.path}/`)),
  }));
}

/** Root counts only where there is nobody else. */
function mostOf(read: Owners[]): string {
  const counts = new Map<string, number>();
  for (const { owner, entries } of read.flatMap(({ owners }) => owners))
    counts.set(owner, (counts.get(owner) ?? 0) + entries);
  const sorted = [...counts].toSorted(([, a], [, b]) => b - a).map(([owner]) => owner);
  return sorted.find((owner) => owner !== 'root:root') ?? sorted[0] ?? 'nobody';
}

function judge(
  { owners, entries, isCut, worldWritable, worldWritableExamples, setId, setIdExamples }: Owners,
  { path, owner, mixed }: { path: string; owner: string; mixed: boolean },
  node: string,
): Pick<Finding, 'reading' | 'verdict' | 'remedy'> {
  const seen = `${entries} entries${isCut ? ' (there are more)' : ''}`;
  const foreign = owners.filter((one) => one.owner !== owner && !(mixed && one.owner.startsWith('root:')));
  if (foreign.length > 0) {
    const said = foreign.map((one) => `${one.entries} of ${one.owner} (${one.examples.join(', ')})`);
    const [user = '', group = ''] = owner.split(':');
    return {
      ...{ reading: `${said.join('; ')} among ${seen}`, verdict: 'fail' },
      remedy: `On ${node}: find ${path} '(' ! -user '${user}' -o ! -group '${group}' ')' -ls, then chown them to '${owner}'.`,
    };
  }
  if (worldWritable > 0)
    return {
      ...{ reading: `${worldWritable} writable by everybody (${worldWritableExamples.join(', ')}) among ${seen}` },
      ...{ verdict: 'fail', remedy: `On ${node}: chmod -R o-w ${path}` },
    };
  if (setId > 0)
    return {
      ...{ reading: `${setId} run as their owner (${setIdExamples.join(', ')}) among ${seen}`, verdict: 'warn' },
      remedy: `On ${node}: see whether chmod ug-s is right for them.`,
    };
  return { reading: seen, verdict: 'pass' };
}
