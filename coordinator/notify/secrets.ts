// Reads what a cluster file names as a secret, at the moment of its use. Only files of one folder: whoever may apply a
// cluster file could otherwise have any file of this machine sent to a server of his.
import { open, realpath, stat } from 'node:fs/promises';
import { sep } from 'node:path';
import { fail, ok, type Result } from '../../shared/failures.ts';

const secretBytesMax = 4_096;
const authorityBytesMax = 256 * 1024;

export interface SecretFiles {
  /** One line, without its end. */
  secret(path: string): Promise<Result<string>>;
  /** Certificates in PEM; no secret, but of the same folder. */
  authority(path: string): Promise<Result<string>>;
}

export function secretFilesIn(directory: string): SecretFiles {
  const read = async (path: string, bytesMax: number, isSecret: boolean): Promise<Result<string>> => {
    const isInside = await isBelow(path, directory);
    if (!isInside.ok) return isInside;
    let file: Awaited<ReturnType<typeof open>> | undefined;
    try {
      file = await open(path, 'r');
      const { size, mode } = await file.stat();
      if (isSecret && (mode & 0o007) !== 0)
        return fail('bad-input', `${path} can be read by everybody on this machine: chmod 0600 ${path}`);
      if (size > bytesMax) return fail('bad-input', `${path} has ${size} bytes, more than ${bytesMax}`);
      return ok((await file.readFile('utf8')).replace(/\r?\n$/, ''));
    } catch (error) {
      return fail('not-found', `${path} cannot be read on this machine: ${(error as Error).message}`);
    } finally {
      await file?.close();
    }
  };
  return {
    async secret(path) {
      const text = await read(path, secretBytesMax, true);
      if (!text.ok) return text;
      const isLine = text.value !== '' && /^[\x20-\x7e]*$/.test(text.value);
      return isLine ? text : fail('bad-input', `${path} must hold one line of printable characters`);
    },
    authority: (path) => read(path, authorityBytesMax, false),
  };
}

/** Links are followed first: what they lead to has to lie there too. A device or a pipe is no file to read. */
async function isBelow(path: string, directory: string): Promise<Result<void>> {
  try {
    const [real, folder] = await Promise.all([realpath(path), realpath(directory)]);
    if (!(await stat(real)).isFile()) return fail('bad-input', `${path} is no file`);
    return real.startsWith(folder + sep)
      ? ok(undefined)
      : fail('bad-input', `${path} does not lie in ${directory}, the folder of secrets that coordinator.yaml names`);
  } catch (error) {
    return fail('not-found', `${path} cannot be read on this machine: ${(error as Error).message}`);
  }
}

/** Text of a server, for people: short, one line, and without what must not be in it, however it was encoded. */
export function harmless(text: string, secrets: readonly string[] = []): string {
  let clean = text;
  for (const secret of secrets.filter((one) => one !== ''))
    for (const form of [secret, Buffer.from(secret).toString('base64')]) clean = clean.replaceAll(form, '***');
  return clean
    .replaceAll(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
    .trim()
    .slice(0, 300);
}
