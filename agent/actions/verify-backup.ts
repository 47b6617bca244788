// verifyBackup: a job that reads a part again from the disk; what it found is kept beside the part.

import { join } from 'node:path';
import { type PartName, partFolder } from '../../shared/actions/jobs/places.ts';
import { outputFolder } from '../../shared/actions/jobs/scripts.ts';
import { trialSocket } from '../../shared/actions/jobs/trial-restore.ts';
import { fail, ok } from '../../shared/failures.ts';
import { readIntactManifest, writeVerified } from '../backups/manifest.ts';
import { readPart, unknownPart } from '../backups/parts.ts';
import { removeTree } from '../backups/remove-tree.ts';
import { difference, readRows } from '../backups/rows.ts';
import { failureOfScript } from '../jobs/failures.ts';
import type { Job } from '../jobs/job.ts';
import { failureOfSystemCall } from '../platform/system-error.ts';
import { isOwnDirectory } from './back-up.ts';

export const verifyBackup: Job<'verifyBackup'> = {
  name: 'verifying the backup',
  async before(action) {
    const own = await isOwnDirectory(action.directory);
    if (!own.ok) return own;
    const manifest = await readIntactManifest(partFolder(action));
    return manifest.ok ? ok(undefined) : manifest;
  },
  async finish(action, context, job) {
    const folder = partFolder(action);
    const manifest = await readIntactManifest(folder);
    if (!manifest.ok) return manifest;
    const { sumsSha256, rows } = manifest.value;
    const trialRestored = action.trialRestore && action.part === 'database';
    if (trialRestored) {
      const counted = await readRows(join(outputFolder(context.profile, context.key), 'trial-rows.json'));
      if (!counted.ok) return counted;
      const differs = difference(rows, counted.value);
      if (differs !== undefined) return fail('damaged', `${folder}: restored into a scratch server, ${differs}`);
    }
    try {
      await writeVerified(folder, { schema: 1, atMs: context.clock.nowMs(), trialRestored, sumsSha256 });
    } catch (error) {
      return { ok: false, failure: failureOfSystemCall(error, folder) };
    }
    return ok({ kind: 'verifyBackup', ...(await readPart(folder, action.backup, action.part as PartName)), job });
  },
  async fail(action, context, job, found) {
    const failure = await failureOfScript(job, found, outputFolder(context.profile, context.key), action.directory);
    // Its server has ended with the unit, so that nothing of it is in the way.
    if (found.code !== 'lost')
      for (const left of [`${partFolder(action)}.trial`, trialSocket]) await removeTree(left, context.runProgram);
    const part = unknownPart(partFolder(action), action.backup, action.part);
    return {
      failure: { ...failure, message: `${partFolder(action)}: ${failure.message}` },
      answer: { kind: 'verifyBackup', ...part, job },
    };
  },
};
