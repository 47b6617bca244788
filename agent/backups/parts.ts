// What lies in the backups' directory: complete parts, and unfinished ones marked as such.
import { readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { AnswerOf } from '../../shared/actions/action.ts';
import { type PartName, partNames } from '../../shared/actions/jobs/places.ts';
import { readDiskOf } from '../platform/mounts.ts';
import { errorCode } from '../platform/system-error.ts';
import { readIntactManifest, readRestored, readVerified } from './manifest.ts';

export type Part = AnswerOf<'readBackups'>['parts'][number];

const partsMax = 200;

/** A part of which nothing is known but its place. */
export function unknownPart(folder: string, backup: string, part: string): Part {
  return {
    ...{ backup, part, folder, complete: false, madeAtMs: 0, bytes: 0, files: 0, paths: [], excludes: [] },
    ...{ database: '', serverMajor: 0, rows: [], warnings: [], trialRestored: false, restoredBy: '', schemaDigest: '' },
  };
}

/** A part as its manifest tells it; one without an intact manifest is not complete. */
export async function readPart(folder: string, backup: string, part: PartName): Promise<Part> {
  const manifest = await readIntactManifest(folder);
  if (!manifest.ok || manifest.value.backup !== backup || manifest.value.part !== part)
    return {
      ...unknownPart(folder, backup, part),
      warnings: manifest.ok ? ['not its own manifest'] : [manifest.failure.message],
    };
  const { schema: _, key: __, sumsSha256, ...told } = manifest.value;
  const verified = await readVerified(folder);
  const restored = await readRestored(folder);
  const restoredBy = restored.ok && restored.value.sumsSha256 === sumsSha256 ? restored.value.run : '';
  const isVerified = verified.ok && verified.value.sumsSha256 === sumsSha256;
  return {
    ...told,
    restoredBy,
    ...{ folder, complete: true, trialRestored: isVerified && verified.value.trialRestored },
    ...(isVerified ? { verifiedAtMs: verified.value.atMs } : {}),
  };
}

/** All parts below a directory, the newest backup's name last; none where there is no such directory. */
export async function readParts(directory: string): Promise<Part[]> {
  const parts: Part[] = [];
  for (const backup of await names(directory)) {
    if (!/^[a-z0-9][a-z0-9-]{0,63}$/.test(backup)) continue;
    for (const name of await names(join(directory, backup))) {
      const part = partNames.find((each) => name === each || name === `${each}.partial`);
      if (part === undefined || parts.length >= partsMax) continue;
      const folder = join(directory, backup, name);
      parts.push(name === part ? await readPart(folder, backup, part) : unknownPart(folder, backup, part));
    }
  }
  return parts;
}

/** The file system on which a directory lies, or will lie once it is made. */
export async function diskBelow(directory: string): ReturnType<typeof readDiskOf> {
  for (let path = directory; ; path = dirname(path)) {
    try {
      return await readDiskOf(path);
    } catch (error) {
      if (errorCode(error) !== 'ENOENT' || path === '/') throw error;
    }
  }
}

/** Size and number of the regular files in a folder, as far as it can be read. */
export async function measureFolder(folder: string): Promise<{ bytes: number; files: number }> {
  let bytes = 0;
  let files = 0;
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const found = await stat(join(entry.parentPath, entry.name)).catch(() => undefined);
    bytes += found?.size ?? 0;
    files += 1;
  }
  return { bytes, files };
}

async function names(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(errorCode(error) ?? '')) return [];
    throw error;
  }
}
