// One walk through a folder: what find tells of its files goes into a file, and is counted as it passes.
import { closeSync, openSync, writeSync } from 'node:fs';
import { manifestWords } from '../../shared/actions/manifest.ts';
import { ok, type Result } from '../../shared/failures.ts';
import { type ActionContext, leftMs } from '../actions/context.ts';
import { failureOfProgram } from '../platform/run-program.ts';
import { isOddName } from './odd-name.ts';
import { endOfSize, fileKind, linkKind, pathAfterIdentity, pathStart, sizeOf, splitRecords } from './records.ts';
import { createTally } from './tally.ts';

export interface Walked {
  files: number;
  bytes: number;
  links: number;
  others: number;
  oddNames: number;
  digests: string;
}

/** Writes the records of all that lies below root into a file, with the files' identities where they are asked for. */
export async function walk(
  root: string,
  path: string,
  identity: boolean,
  context: ActionContext,
): Promise<Result<Walked>> {
  const tally = createTally();
  const walked: Walked = { files: 0, bytes: 0, links: 0, others: 0, oddNames: 0, digests: '' };
  const file = openSync(path, 'w', 0o600);
  let writeError: unknown;
  const take = splitRecords((bytes, start, end) => {
    const kind = bytes[start];
    const isFile = kind === fileKind;
    const nameAt = isFile && identity ? pathAfterIdentity(bytes, start) : pathStart(bytes, start, end);
    if (isFile) {
      walked.files += 1;
      walked.bytes += sizeOf(bytes, start);
    } else if (kind === linkKind) walked.links += 1;
    else walked.others += 1;
    if (isOddName(bytes.subarray(nameAt, end))) walked.oddNames += 1;
    // The identity of a file differs from node to node.
    tally.add(bytes, start, isFile ? endOfSize(bytes, start) + 1 : nameAt, nameAt, end);
  });
  try {
    const ran = await context.runProgram(manifestWords(root, identity), {
      timeoutMs: leftMs(context),
      signal: context.signal,
      onOutput: (piece) => {
        if (writeError !== undefined) return;
        take(piece);
        try {
          writeSync(file, piece);
        } catch (error) {
          writeError = error;
        }
      },
    });
    if (writeError !== undefined) throw writeError;
    const failed = failureOfProgram(ran, context.timeoutMs);
    return failed === undefined ? ok({ ...walked, digests: tally.digests() }) : { ok: false, failure: failed };
  } finally {
    closeSync(file);
  }
}
