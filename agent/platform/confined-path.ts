// Opens files only where they really lie below a folder that the policy allows: what counts is where the kernel has
// opened them, not what their names promise, so that links planted on the way lead nowhere.
import { constants } from 'node:fs';
import { type FileHandle, open, readlink, realpath } from 'node:fs/promises';
import { fail, ok, type Result } from '../../shared/failures.ts';
import { rootOf } from '../policy/permit.ts';
import { failureOfSystemCall } from './system-error.ts';

/** The folder behind an open handle, also where it was renamed meanwhile. */
export const pathOfHandle = (handle: FileHandle): string => `/proc/self/fd/${handle.fd}`;

/** Opens a regular file or a folder for reading. */
export async function openConfined(path: string, roots: readonly string[]): Promise<Result<FileHandle>> {
  return await confine(path, roots, constants.O_RDONLY | constants.O_NONBLOCK);
}

/** Opens a folder, so that what is done below its handle stays in it. */
export async function openConfinedFolder(path: string, roots: readonly string[]): Promise<Result<FileHandle>> {
  return await confine(path, roots, constants.O_RDONLY | constants.O_DIRECTORY);
}

async function confine(path: string, roots: readonly string[], flags: number): Promise<Result<FileHandle>> {
  const root = rootOf(path, roots);
  if (root === undefined) return fail('refused-by-policy', `${path} lies in none of the allowed folders`);
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, flags);
    const [really, allowed] = await Promise.all([readlink(pathOfHandle(handle)), realpath(root)]);
    if (rootOf(really, [allowed]) !== undefined) return ok(handle);
    await handle.close();
    return fail('refused-by-policy', `${path} really is ${really}, outside of ${root}, which the policy allows`);
  } catch (error) {
    await handle?.close();
    return { ok: false, failure: failureOfSystemCall(error, path) };
  }
}

/** The first bytes of a file. */
export async function readStart(handle: FileHandle, bytesMax: number): Promise<string> {
  const buffer = Buffer.alloc(bytesMax);
  let length = 0;
  while (length < bytesMax) {
    const { bytesRead } = await handle.read(buffer, length, bytesMax - length, length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return buffer.toString('utf8', 0, length);
}

/** The last bytes of a file, as text without a torn first line, and whether there is more before them. */
export async function readEnd(handle: FileHandle, bytesMax: number): Promise<{ text: string; isCut: boolean }> {
  const { size } = await handle.stat();
  const from = Math.max(0, size - bytesMax);
  const buffer = Buffer.alloc(Math.min(size, bytesMax));
  const { bytesRead } = await handle.read(buffer, 0, buffer.length, from);
  const text = buffer.toString('utf8', 0, bytesRead);
  return from === 0
    ? { text, isCut: false }
    : { text: text.includes('\n') ? text.slice(text.indexOf('\n') + 1) : '', isCut: true };
}
