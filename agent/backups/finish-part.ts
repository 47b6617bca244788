// A part that was written whole gets its manifest and then its name, durably; a part of the same name makes place only then.
// Repeated after a kill anywhere it ends the same.
import { readFile, rename, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type PartName, partFolder } from '../../shared/actions/jobs/places.ts';
import { syncFolder } from '../../shared/durable-file.ts';
import { fail, ok, type Result } from '../../shared/failures.ts';
import { sha256Hex } from '../../shared/hash.ts';
import { formatKey } from '../../shared/key.ts';
import type { ActionContext } from '../actions/context.ts';
import { errorCode, failureOfSystemCall } from '../platform/system-error.ts';
import { type Manifest, readIntactManifest, sumsOf, writeManifest } from './manifest.ts';
import { measureFolder, type Part, readPart } from './parts.ts';
import { removeTree } from './remove-tree.ts';

type Told = Pick<Manifest, 'paths' | 'excludes' | 'database' | 'schemaDigest' | 'serverMajor' | 'rows' | 'warnings'>;

/** Completes what a job has written into PART.partial; `tell` reads from it what the manifest says beside the rest. */
export async function finishPart(
  at: { directory: string; backup: string; part: PartName },
  context: ActionContext,
  tell: (partial: string) => Promise<Result<Told>>,
): Promise<Result<Part>> {
  const folder = partFolder(at);
  const partial = `${folder}.partial`;
  const replaced = `${folder}.replaced`;
  try {
    if (await exists(partial)) {
      const told = await tell(partial);
      if (!told.ok) return told;
      const { bytes, files } = await measureFolder(partial);
      const sumsSha256 = sha256Hex(await readFile(sumsOf(partial)));
      const own = { key: formatKey(context.key), backup: at.backup, part: at.part, madeAtMs: context.startedAtMs };
      await writeManifest(partial, { schema: 1, ...own, bytes, files, ...told.value, sumsSha256 });
      const gone = await removeTree(replaced, context.runProgram);
      if (!gone.ok) return gone;
      if (await exists(folder)) await rename(folder, replaced);
      await rename(partial, folder);
      await syncFolder(dirname(folder));
    }
    const gone = await removeTree(replaced, context.runProgram);
    if (!gone.ok) return gone;
    const manifest = await readIntactManifest(folder);
    if (!manifest.ok) return manifest;
    if (manifest.value.key === formatKey(context.key)) return ok(await readPart(folder, at.backup, at.part));
    return fail('not-in-state', `${partial} went away before it was finished`);
  } catch (error) {
    // Nothing partial stays in the way, such as on a disk that had no room for the manifest.
    await removeTree(partial, context.runProgram);
    return { ok: false, failure: failureOfSystemCall(error, partial) };
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(errorCode(error) ?? '')) return false;
    throw error;
  }
}
