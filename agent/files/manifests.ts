// The manifests that this node keeps on disk, and their entries by bucket.
import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { AnswerOf } from '../../shared/actions/action.ts';
import { sha256Hex } from '../../shared/hash.ts';
import { errorCode } from '../platform/system-error.ts';
import { printName } from './odd-name.ts';
import { fileKind, linkKind, pathStart, readRecords, sizeOf, sumOf, targetOf } from './records.ts';
import { bucketOf } from './tally.ts';

/** Of one folder and kind: two that are compared at the same time by two runs of checks. */
const keptMax = 2;
/** Of other folders: whoever may ask for manifests must not fill the disk with them. */
const othersMax = 6;
const answerBytesMax = 600 * 1024;
/** Of an entry beside its path. */
const entryBytes = 120;

type Entry = AnswerOf<'readManifestEntries'>['entries'][number];

export interface Places {
  folder: string;
  /** The same for every manifest of a folder of files. */
  prefix: string;
}

export function placesOf(stateDirectory: string, root: string): Places {
  return { folder: join(stateDirectory, 'manifests'), prefix: sha256Hex(root).slice(0, 8) };
}

/** Whether sums are in a manifest, which its name tells. */
const withSums = 'c';
const withoutSums = '5';

/**
 * A new manifest's name, and earlier ones with sums, oldest first; all but the newest ones of the same folder are removed. One
 * that was cut off by the agent's end is as good as any.
 */
export async function makeRoom(
  { folder, prefix }: Places,
  hashes: boolean,
): Promise<{ manifest: string; earlier: string[] }> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const start = `${prefix}-${hashes ? withSums : withoutSums}`;
  const kept: Made[] = [];
  const others: Made[] = [];
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    const found = name.startsWith(start) ? kept : others;
    if (found === kept && name.endsWith('.walk')) await rm(path, { force: true });
    // Another one may be removed meanwhile by whoever reads that folder.
    else if (!name.startsWith(prefix) || found === kept) found.push({ path, madeMs: await madeAt(path) });
  }
  const newestFirst = inOrder(kept);
  for (const path of [...newestFirst.slice(keptMax), ...inOrder(others).slice(othersMax)])
    await rm(path, { force: true });
  return {
    manifest: `${start}${randomBytes(8).toString('hex').slice(1)}`,
    earlier: hashes ? newestFirst.slice(0, keptMax).reverse() : [],
  };
}

interface Made {
  path: string;
  madeMs: number;
}

const inOrder = (made: Made[]): string[] => made.sort((a, b) => b.madeMs - a.madeMs).map(({ path }) => path);

async function madeAt(path: string): Promise<number> {
  try {
    return (await stat(path)).mtimeMs;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return 0;
    throw error;
  }
}

/** The entries of as many of the buckets, in their order, as fit into an answer. */
export async function entriesOf(
  path: string,
  buckets: readonly number[],
): Promise<{ buckets: number; entries: Entry[] }> {
  const bytesOf = new Map(buckets.map((bucket) => [bucket, 0]));
  await readRecords(path, (bytes, start, end) => {
    const nameAt = pathStart(bytes, start, end);
    const bucket = bucketOf(bytes, nameAt, end);
    const known = bytesOf.get(bucket);
    // A byte may take four characters.
    if (known !== undefined) bytesOf.set(bucket, known + entryBytes + 4 * (end - start));
  });
  let room = answerBytesMax;
  let fitting = 0;
  for (const bucket of buckets) {
    room -= bytesOf.get(bucket) ?? 0;
    if (room < 0) break;
    fitting += 1;
  }
  const wanted = new Set(buckets.slice(0, fitting));
  const entries: Entry[] = [];
  if (wanted.size > 0)
    await readRecords(path, (bytes, start, end) => {
      const bucket = bucketOf(bytes, pathStart(bytes, start, end), end);
      if (wanted.has(bucket)) entries.push({ ...entryOf(bytes, start, end), bucket });
    });
  return { buckets: fitting, entries };
}

function entryOf(bytes: Buffer, start: number, end: number): Omit<Entry, 'bucket'> {
  const kind = bytes[start];
  return {
    path: printName(bytes.subarray(pathStart(bytes, start, end), end)),
    kind: kind === fileKind ? 'file' : kind === linkKind ? 'link' : 'other',
    sizeBytes: sizeOf(bytes, start),
    sha256: kind === fileKind ? sumOf(bytes, start) : '',
    target: kind === linkKind ? printName(targetOf(bytes, start, end)) : '',
  };
}
