// Why a directory is no place for backups: what lies in memory is gone with the machine that it is to bring back, and what
// lies in a server's data is in its own way. Reads only.
import { readFile, realpath, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { mountOf } from '../platform/mounts.ts';
import { errorCode } from '../platform/system-error.ts';

const inMemory = ['tmpfs', 'ramfs', 'devtmpfs'];

/** Empty where it may be used. A directory that is not there yet is judged by where it will lie. */
export async function whyUnfit(directory: string): Promise<string> {
  const place = await nearest(directory);
  const { type, point } = mountOf(place, await readFile('/proc/self/mountinfo', 'utf8'));
  if (inMemory.includes(type))
    return `${directory} lies in memory (${type} on ${point}), which does not outlive a restart`;
  for (let path = place; path !== '/'; path = dirname(path))
    if (await isThere(join(path, 'PG_VERSION')))
      return `${directory} lies in ${path}, which is a PostgreSQL server’s data`;
  return '';
}

/** Where it really lies, or what of it is there. */
async function nearest(directory: string): Promise<string> {
  for (let path = directory; ; path = dirname(path)) {
    try {
      return await realpath(path);
    } catch (error) {
      if (errorCode(error) !== 'ENOENT' || path === '/') throw error;
    }
  }
}

const isThere = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );
