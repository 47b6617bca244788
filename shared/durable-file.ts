// Files that are there whole or not at all, and that survive a power cut once a call here has returned.
import { randomBytes } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/** Makes names created, renamed or removed in a folder durable. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** Makes a folder and everything above it that is missing, durably. */
export async function makeFolder(path: string, mode: number): Promise<void> {
  const first = await mkdir(path, { recursive: true, mode });
  if (first === undefined) return;
  // Each new folder's name is its parent's content.
  for (let made = resolve(path); made.length >= first.length; made = dirname(made)) await syncFolder(dirname(made));
}

/** The same for a folder (0700) that nobody else looks into. */
export const makePrivateFolder = (path: string): Promise<void> => makeFolder(path, 0o700);

/** Puts a file in place, durably: a reader sees the old content or the new one. */
export async function writeDurably(path: string, content: string | Uint8Array, mode = 0o600): Promise<void> {
  const unfinished = `${path}.${randomBytes(4).toString('hex')}.new`;
  try {
    const file = await open(unfinished, 'wx', mode);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(unfinished, path);
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
  await syncFolder(dirname(path));
}
