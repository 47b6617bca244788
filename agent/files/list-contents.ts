// The manifest of a folder with the content of each file: what has not changed since an earlier manifest is taken from there,
// the rest is read, while the walk still goes on. Memory does not grow with what is read.
import { closeSync, lstatSync, openSync, writeSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { ok, type Result } from '../../shared/failures.ts';
import { type ActionContext, leftMs } from '../actions/context.ts';
import { errorCode } from '../platform/system-error.ts';
import { readKnownSums } from './known-sums.ts';
import { startLane } from './read-sums.ts';
import { endOfSize, fileKind, pathAfterIdentity, pathStart, readRecords, sizeOf, splitRecords } from './records.ts';
import { createTally } from './tally.ts';
import { type Walked, walk } from './walk.ts';

const lanesMax = 4;
/** A file that was changed so recently may change again without its times telling. */
const settledMs = 2000;
/** Left for the answer when the time for contents is over. */
const answerMs = 3000;
const tailMs = 20;
const pendingMax = 2000;

export interface Contents extends Walked {
  /** Empty where files are left whose content was not read. */
  contentDigests: string;
  unhashed: number;
  hashedBytes: number;
}

/** Lists what lies below root into `path`, as far as the time allows with contents; `earlier` manifests are asked first. */
export async function listContents(
  root: string,
  path: string,
  earlier: readonly string[],
  context: ActionContext,
): Promise<Result<Contents>> {
  const walkPath = `${path}.walk`;
  const begunMs = context.clock.nowMs();
  const known = await readKnownSums(earlier);
  const limited = { ...context, deadlineMs: context.deadlineMs - answerMs };
  const lanes = Array.from({ length: Math.max(1, Math.min(lanesMax, availableParallelism())) }, () =>
    startLane(root, limited),
  );
  const out = createOutput(path);
  closeSync(openSync(walkPath, 'w', 0o600));
  let isWalking = true;
  let isEndSeen = false;
  const walking = walk(root, walkPath, true, context).finally(() => {
    isWalking = false;
  });
  let [taken, unread, hashedBytes] = [0, 0, 0];

  const take = (bytes: Buffer, start: number, end: number): void => {
    if (bytes[start] !== fileKind) {
      out.keep(bytes.toString('latin1', start, end));
      return;
    }
    taken += 1;
    const nameAt = pathAfterIdentity(bytes, start);
    const size = sizeOf(bytes, start);
    const identity = bytes.toString('latin1', endOfSize(bytes, start) + 1, nameAt - 1);
    const name = bytes.toString('latin1', nameAt, end);
    const sum = known.find(size, identity);
    if (sum !== undefined) {
      out.keep(`f${size}:${sum} ${identity} ${name}`);
      return;
    }
    if (leftMs(limited) <= 1) {
      unread += 1;
      out.keep(`f${size} ${name}`);
      return;
    }
    const kept = newestMs(identity) < begunMs - settledMs ? identity : '0 0 0';
    const lane = lanes.reduce((least, one) => (one.waiting() < least.waiting() ? one : least));
    lane.feed(name, (read) => {
      if (read !== undefined) hashedBytes += size;
      else if (isStillThere(root, name)) unread += 1;
      out.keep(read === undefined ? `f${size} ${name}` : `f${size}:${read} ${kept} ${name}`);
    });
  };

  try {
    await readRecords(
      walkPath,
      take,
      async () => {
        for (const lane of lanes) await lane.room();
      },
      async () => {
        if (isWalking) {
          await context.clock.sleep(tailMs, context.signal);
          return true;
        }
        // What the walk wrote last, after the end of the file was read, is read once its own end was seen.
        const isLast = isEndSeen;
        isEndSeen = true;
        return !isLast;
      },
    );
    const walked = await walking;
    // Those that a reader has not come to are told of now.
    await Promise.all(lanes.map((lane) => lane.end()));
    if (!walked.ok) return walked;
    out.flush();
    // A file that is in the walk and not in the manifest was not read, whatever the reason.
    unread += walked.value.files - taken;
    const contentDigests = unread === 0 ? out.digests() : '';
    return ok({ ...walked.value, unhashed: unread, hashedBytes, contentDigests });
  } finally {
    await walking;
    await Promise.all(lanes.map((lane) => lane.end()));
    known.close();
    out.close();
  }
}

/** What was removed meanwhile is not looked for any more; what is there and has no sum was not read, and may be anything. */
function isStillThere(root: string, name: string): boolean {
  try {
    return lstatSync(Buffer.concat([Buffer.from(`${root}/`), Buffer.from(name, 'latin1')])).isFile();
  } catch (error) {
    return !['ENOENT', 'ENOTDIR'].includes(errorCode(error) ?? '');
  }
}

/** Whole seconds are enough, and quick to read. */
function newestMs(identity: string): number {
  const [, modified = '', changed = ''] = identity.split(' ');
  const second = (time: string) => Number(time.slice(0, time.indexOf('.')));
  return Math.max(second(modified), second(changed)) * 1000;
}

/** Records on their way into the manifest, as latin1. */
function createOutput(path: string) {
  const file = openSync(path, 'w', 0o600);
  const tally = createTally();
  const count = splitRecords((bytes, start, end) => {
    const nameAt = pathStart(bytes, start, end);
    const sizeEnd = endOfSize(bytes, start);
    // Of a content that is known neither size nor identity counts.
    if (bytes[start] === fileKind && bytes[sizeEnd] === 0x3a) tally.add(bytes, sizeEnd, sizeEnd + 65, nameAt, end);
    else tally.add(bytes, start, nameAt, nameAt, end);
  });
  let pending: string[] = [];
  const flush = (): void => {
    if (pending.length === 0) return;
    const bytes = Buffer.from(`${pending.join('\0')}\0`, 'latin1');
    pending = [];
    count(bytes);
    writeSync(file, bytes);
  };
  return {
    flush,
    keep(record: string): void {
      pending.push(record);
      if (pending.length >= pendingMax) flush();
    },
    digests: () => tally.digests(),
    close: () => closeSync(file),
  };
}
