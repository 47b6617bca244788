// Writes what a command was asked to put into a file: whole or not at all.
import { randomBytes } from 'node:crypto';
import { rename, rm, stat, writeFile } from 'node:fs/promises';
import { fail, ok, type Result } from '../../../shared/failures.ts';

/** Replaces the file at a path; what is no regular file, such as /dev/stdout, is written to as it is. */
export async function writeOutput(path: string, content: string): Promise<Result<void>> {
  const temporary = `${path}.${randomBytes(4).toString('hex')}.new`;
  try {
    const there = await stat(path).catch(() => undefined);
    if (there && !there.isFile()) {
      await writeFile(path, content);
      return ok(undefined);
    }
    await writeFile(temporary, content, { flag: 'wx' });
    await rename(temporary, path);
    return ok(undefined);
  } catch (error) {
    await rm(temporary, { force: true });
    return fail('bad-input', `--output ${path} cannot be written: ${(error as Error).message}`);
  }
}
