// The sums of files' contents: sha256sum reads them one after another, giving way to the node's own work. It is fed as it goes
// on, so that neither names nor sums pile up here.
import { Readable } from 'node:stream';
import { hashWords } from '../../shared/actions/manifest.ts';
import { type ActionContext, leftMs } from '../actions/context.ts';
import { splitRecords } from './records.ts';

const sumLength = 64;
/** Between sum and path, as sha256sum writes it. */
const gap = 2;
/** Twice what xargs gathers before it begins, and more. */
const waitingMax = 3000;
const sentAtOnce = 200;

export type ReadingParts = Pick<ActionContext, 'runProgram' | 'signal' | 'deadlineMs' | 'clock'>;

export interface Lane {
  waiting(): number;
  /** The path below root as latin1, so that each byte counts; `take` is told the sum, or undefined where it could not be read. */
  feed(path: string, take: (sum: string | undefined) => void): void;
  /** Until there is room for more. */
  room(): Promise<void>;
  /** What was not answered by then is told of as not read: it is gone, cannot be read, or the time was over. */
  end(): Promise<void>;
}

/** Starts a reader of files below root. */
export function startLane(root: string, context: ReadingParts): Lane {
  const input = new Readable({ read: () => {} });
  const prefix = Buffer.from(`${root}/`).toString('latin1');
  const queue: { path: string; take: (sum: string | undefined) => void }[] = [];
  let head = 0;
  let unsent: string[] = [];
  let wake = () => {};
  let isOver = false;

  const answer = (path: string, sum: string): void => {
    let at = head;
    while (at < queue.length && queue[at]?.path !== path) at += 1;
    if (at === queue.length) return;
    // Those before it were answered with nothing: they are gone, or cannot be read.
    for (; head < at; head += 1) queue[head]?.take(undefined);
    queue[at]?.take(sum);
    head = at + 1;
    if (head > waitingMax) {
      queue.splice(0, head);
      head = 0;
    }
    wake();
  };
  const running = context
    .runProgram(hashWords, {
      timeoutMs: leftMs(context),
      signal: context.signal,
      input,
      onOutput: splitRecords((bytes, start, end) => {
        const line = bytes.toString('latin1', start, end);
        answer(line.slice(sumLength + gap + prefix.length), line.slice(0, sumLength));
      }),
    })
    .then((ran) => {
      isOver = true;
      wake();
      return ran;
    });
  const send = (): void => {
    if (!isOver && unsent.length > 0)
      input.push(Buffer.from(unsent.map((path) => `${prefix}${path}\0`).join(''), 'latin1'));
    unsent = [];
  };
  const waiting = () => queue.length - head;
  return {
    waiting,
    feed(path, take) {
      queue.push({ path, take });
      unsent.push(path);
      if (unsent.length >= sentAtOnce) send();
    },
    async room() {
      send();
      while (waiting() >= waitingMax && !isOver)
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
    },
    async end() {
      send();
      input.push(null);
      await running;
      for (; head < queue.length; head += 1) queue[head]?.take(undefined);
    },
  };
}

/** Sums of some files below root, by their paths as latin1; those that could not be read are not in it. */
export async function readSums(
  root: string,
  paths: readonly string[],
  context: ReadingParts,
): Promise<Map<string, string>> {
  const sums = new Map<string, string>();
  if (paths.length === 0) return sums;
  const lane = startLane(root, context);
  for (const path of paths)
    lane.feed(path, (sum) => {
      if (sum !== undefined) sums.set(path, sum);
    });
  await lane.end();
  return sums;
}
