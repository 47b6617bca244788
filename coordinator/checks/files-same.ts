// Both nodes hold the same files: path and size of each, and its content where that is asked for. Digests of buckets are
// compared first, entries of those that differ next, and what differs is looked at again: what is on its way is no difference.
import { z } from 'zod';
import type { AnswerOf } from '../../shared/actions/action.ts';
import type { Failure } from '../../shared/failures.ts';
import { formatDuration, formatSize } from '../../shared/units.ts';
import { type Cluster, nodeOf } from '../cluster/cluster.ts';
import { answerOf, isFailure, type Reading, type ReadingResult } from './check.ts';
import { defineCheck, type Finding, longReadingTimeoutMs, notRead } from './define.ts';
import { describeDifference, differingPaths, isSame } from './file-difference.ts';

const digitsOfBucket = 16;
/** Asked for at a time, and how often: enough to name what differs, not to move a million names. */
const bucketsAtOnce = 64;
const fetchesMax = 8;
/** Looked at once more. */
const candidatesMax = 200;
const namesMax = 10;

type Manifest = AnswerOf<'readManifest'>;
type FileNow = AnswerOf<'readFileStates'>['files'][number];
type Pair<T> = [master: T, standby: T];
type Taking<T> = Generator<Reading[], T, ReadingResult[]>;

export const filesSame = defineCheck({
  id: 'files-same',
  title: 'Files are the same',
  section: 'FileDB Sync Check (beyond the guide: which files, not only how many)',
  severity: 'blocking',
  remedy:
    'Look at journalctl -u file-sync on the master and at the files that are named: what lacks on the standby was not brought over, what only the standby has was written there or not removed.',
  params: z.strictObject({ content: z.boolean() }),
  words: ({ content }, { files }) =>
    `the same files under ${files.root} on the standby as on the master, by path and ${content ? 'content' : 'size'}`,
  *evaluate({ content }, { cluster }) {
    const nodes = namesOf(cluster);
    const { files } = cluster;
    const limit = `path and ${content ? 'content' : 'size'} as on ${nodes[0]}, but for the last ${formatDuration(files.syncWithinMs)}`;
    const action = { kind: 'readManifest', root: files.root, hashes: content } as const;
    const timeoutMs = content ? files.hashWithinMs : longReadingTimeoutMs;
    const results = yield nodes.map((node) => ({ node, action, timeoutMs }));
    const [master, standby] = nodes.map((_node, at) => answerOf(results[at], 'readManifest')) as Pair<
      Manifest | Failure
    >;
    if (isFailure(master)) return [notRead(nodes[0], limit, master)];
    if (isFailure(standby)) return [notRead(nodes[1], limit, standby)];
    // Where one side has not read all contents, sizes can be compared at least.
    const isRead = content && master.contentDigests !== '' && standby.contentDigests !== '';
    const found = yield* compare([master, standby], nodes, cluster, isRead);
    if (isFailure(found)) return [notRead(nodes[1], limit, found)];
    return [{ node: nodes[1], limit, ...judge(found, [master, standby], nodes, content) }];
  },
});

const namesOf = (cluster: Cluster): Pair<string> => [
  nodeOf(cluster, 'master', 'app').name,
  nodeOf(cluster, 'standby', 'app').name,
];

interface Found {
  /** Each with its words. */
  differing: string[];
  onTheWay: number;
  /** There is more that was not looked at. */
  isCut: boolean;
}

function* compare(
  manifests: Pair<Manifest>,
  nodes: Pair<string>,
  { files }: Cluster,
  content: boolean,
): Taking<Found | Failure> {
  const buckets = differingBuckets(manifests, content);
  const candidates: string[] = [];
  let at = 0;
  for (
    let fetches = 0;
    at < buckets.length && fetches < fetchesMax && candidates.length < candidatesMax;
    fetches += 1
  ) {
    const wanted = buckets.slice(at, at + bucketsAtOnce);
    const results = yield nodes.map((node, index) => ({
      node,
      action: {
        kind: 'readManifestEntries' as const,
        root: files.root,
        manifest: manifests[index]?.manifest ?? '',
        buckets: wanted,
      },
      timeoutMs: longReadingTimeoutMs,
    }));
    const answers = nodes.map((_node, index) => answerOf(results[index], 'readManifestEntries'));
    const failed = answers.find(isFailure);
    if (failed !== undefined) return failed;
    const [master, standby] = answers as Pair<AnswerOf<'readManifestEntries'>>;
    // Only what both have answered can be compared; the rest is asked for again.
    const answered = Math.min(master.buckets, standby.buckets);
    const asked = new Set(wanted.slice(0, answered));
    const [here, there] = [master, standby].map(({ entries }) => entries.filter(({ bucket }) => asked.has(bucket)));
    candidates.push(...differingPaths(here ?? [], there ?? [], content));
    at += answered;
  }
  const looked = candidates.slice(0, candidatesMax);
  const isCut = at < buckets.length || looked.length < candidates.length;
  if (looked.length === 0) return { differing: [], onTheWay: 0, isCut };
  const again = yield* lookAgain(looked, nodes, files.root, content);
  if (isFailure(again)) return again;
  const { isUnread, ...found } = sortOut(again, nodes, files.syncWithinMs, content);
  return { ...found, isCut: isCut || isUnread };
}

/** The buckets of which one side's digest differs, in size and path or in content. */
function differingBuckets([master, standby]: Pair<Manifest>, content: boolean): number[] {
  const differ = (a: string, b: string) =>
    Array.from({ length: Math.ceil(Math.max(a.length, b.length) / digitsOfBucket) }, (_, bucket) => bucket).filter(
      (bucket) => {
        const of = (digests: string) => digests.slice(bucket * digitsOfBucket, (bucket + 1) * digitsOfBucket);
        return of(a) !== of(b);
      },
    );
  const buckets = new Set([
    ...differ(master.digests, standby.digests),
    ...(content ? differ(master.contentDigests, standby.contentDigests) : []),
  ]);
  return [...buckets];
}

function* lookAgain(
  paths: string[],
  nodes: Pair<string>,
  root: string,
  hashes: boolean,
): Taking<Pair<FileNow[]> | Failure> {
  const action = { kind: 'readFileStates' as const, root, paths, hashes };
  const results = yield nodes.map((node) => ({ node, action, timeoutMs: longReadingTimeoutMs }));
  const answers = nodes.map((_node, index) => answerOf(results[index], 'readFileStates'));
  const failed = answers.find(isFailure);
  if (failed !== undefined) return failed;
  return (answers as Pair<AnswerOf<'readFileStates'>>).map(({ files }) => files) as Pair<FileNow[]>;
}

/** What still differs, and what was changed too recently to be on both. */
function sortOut([master, standby]: Pair<FileNow[]>, nodes: Pair<string>, syncWithinMs: number, content: boolean) {
  const differing: string[] = [];
  let onTheWay = 0;
  let isUnread = false;
  for (const [index, here] of master.entries()) {
    const there = standby[index];
    if (here.entry === undefined || there?.entry === undefined) continue;
    const { kind, sha256 } = here.entry;
    const isSameSize = isSame(here.entry, there.entry, false);
    if (content && isSameSize && kind === 'file' && (sha256 === '' || there.entry.sha256 === '')) isUnread = true;
    else if (isSame(here.entry, there.entry, content)) continue;
    else if (Math.min(here.changedAgoMs, there.changedAgoMs) < syncWithinMs) onTheWay += 1;
    else differing.push(describeDifference(here.entry, there.entry, nodes));
  }
  return { differing, onTheWay, isUnread };
}

function judge(
  { differing, onTheWay, isCut }: Found,
  [master, standby]: Pair<Manifest>,
  [masterNode]: Pair<string>,
  content: boolean,
): Omit<Finding, 'node' | 'limit'> {
  const moving = onTheWay === 0 ? '' : `, ${onTheWay} changed just now and not counted`;
  if (differing.length > 0) {
    const more = differing.length > namesMax ? ` and ${differing.length - namesMax} more` : '';
    const count = isCut ? `at least ${differing.length}` : `${differing.length}`;
    return {
      reading: `${count} ${differing.length === 1 ? 'file differs' : 'files differ'}: ${differing.slice(0, namesMax).join('; ')}${more}${moving}`,
      verdict: 'fail',
    };
  }
  if (isCut) return { reading: `too many files are being changed to compare them${moving}`, verdict: 'unknown' };
  const unhashed = Math.max(master.unhashed, standby.unhashed);
  if (content && unhashed > 0)
    return {
      reading: `the content of ${unhashed} of ${standby.files} files has not been read yet${moving}`,
      verdict: 'unknown',
      remedy: `Look again: what was read is kept, reading goes on where it stopped. files.hashWithin in the cluster file allows more time at once; files.hashes: never does without.`,
    };
  const odd = standby.oddNames === 0 ? '' : `, ${standby.oddNames} with odd names`;
  const links = standby.links + standby.others === 0 ? '' : `, ${standby.links + standby.others} links and others`;
  return {
    reading: `${standby.files} files, ${formatSize(standby.bytes)}${links}${odd}, as on ${masterNode}${moving}`,
    verdict: 'pass',
  };
}
