// Keeps the disk that a growing output takes bounded, without the program that writes it knowing: of what is very long the
// middle is given back to the file system. Beginning, end, size and every offset stay as they are.
import { stat } from 'node:fs/promises';
import type { Failure } from '../../shared/failures.ts';
import { failureOfProgram, type RunProgram } from './run-program.ts';
import { errorCode, failureOfSystemCall } from './system-error.ts';

const megabyte = 1024 * 1024;
export const outputLimits = { diskBytesMax: 256 * megabyte, headBytes: 16 * megabyte, tailBytes: 64 * megabyte };
const timeoutMs = 30_000;

/** Gives the middle of a file back where it takes more than its share; the failure where the file system can't do that or tell. */
export async function boundOutput(
  path: string,
  runProgram: RunProgram,
  { diskBytesMax, headBytes, tailBytes } = outputLimits,
): Promise<Failure | undefined> {
  let file: { blocks: number; size: number };
  try {
    file = await stat(path);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    return failureOfSystemCall(error, path);
  }
  const middleBytes = file.size - headBytes - tailBytes;
  if (file.blocks * 512 <= diskBytesMax || middleBytes <= 0) return undefined;
  const range = ['--offset', String(headBytes), '--length', String(middleBytes)];
  return failureOfProgram(await runProgram(['fallocate', '--punch-hole', ...range, path], { timeoutMs }), timeoutMs);
}
