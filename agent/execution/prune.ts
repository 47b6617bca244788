// Keeps what installers leave on the node bounded: their folders and staged installers, but for the newest few and for all
// that a run may still need. It never touches anything that the ledger knows.
import { existsSync } from 'node:fs';
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { unitOfKey } from '../../shared/key.ts';
import type { Log } from '../../shared/log.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { errorCode } from '../platform/system-error.ts';

/** Output of so many installers and hooks, and as many scripts, is kept for questions that come later. */
const unitFoldersKept = 10;
/** The installed release, the one before it, and such as are staged ahead of the window. */
const releasesKept = 4;

/** Removes what is too old to be needed. While a run is open here, every staged installer may be. */
export async function pruneState(stateDirectory: string, ledger: Ledger, log: Log): Promise<void> {
  // Nightly backups are many more than installers, whose output is asked for longest.
  const isScript = (path: string) => existsSync(join(path, 'job.sh'));
  const folder = join(stateDirectory, 'units');
  const units = [
    ...(await oldest(folder, unitFoldersKept, (path) => !isScript(path))),
    ...(await oldest(folder, unitFoldersKept, isScript)),
  ];
  const releases = await oldest(join(stateDirectory, 'releases'), releasesKept);
  const isKnown = (name: string) => ledger.known().some((key) => unitOfKey(key).replace(/\.service$/, '') === name);
  const isOpen = () => ledger.openHeads().length > 0 || ledger.unfinished().length > 0;
  const candidates = [
    ...units.map(({ name, path }) => ({ path, isNeeded: () => isKnown(name) })),
    ...releases.map(({ path }) => ({ path, isNeeded: isOpen })),
  ];
  for (const { path, isNeeded } of candidates) {
    // Looked at before each: a run may begin while others are removed.
    if (isNeeded()) continue;
    await rm(path, { recursive: true, force: true });
    log.info('removed what no run needs any more', { path });
  }
}

/** Those entries of a folder that count, but for the newest. */
async function oldest(
  folder: string,
  kept: number,
  counts: (path: string) => boolean = () => true,
): Promise<{ name: string; path: string }[]> {
  const entries: { name: string; path: string; changedMs: number }[] = [];
  for (const name of await namesIn(folder)) {
    const path = join(folder, name);
    if (!counts(path)) continue;
    const found = await stat(path).catch(() => undefined);
    if (found !== undefined) entries.push({ name, path, changedMs: found.mtimeMs });
  }
  return entries.sort((a, b) => b.changedMs - a.changedMs).slice(kept);
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  }
}
