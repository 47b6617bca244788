// verifyBackup: a job that reads a part again from the disk; what it found is kept beside the part.

import { type PartName, partFolder } from '../../shared/actions/jobs/places.ts';
import { outputFolder } from '../../shared/actions/jobs/scripts.ts';
import { fail, ok } from '../../shared/failures.ts';
import { readIntactManifest, writeVerified } from '../backups/manifest.ts';
import { readPart, unknownPart } from '../backups/parts.ts';
import { failureOfScript } from '../jobs/failures.ts';
import type { Job } from '../jobs/job.ts';
import { failureOfSystemCall } from '../platform/system-error.ts';
import { isOwnDirectory } from './back-up.ts';

export const verifyBackup: Job<'verifyBackup'> = {
  name: 'verifying the backup',
  async before(action) {
    if (action.trialRestore)
      return fail('bad-input', 'this version restores nothing to try it; ask without trialRestore');
    const own = await isOwnDirectory(action.directory);
    if (!own.ok) return own;
    const manifest = await readIntactManifest(partFolder(action));
    return manifest.ok ? ok(undefined) : manifest;
  },
  async finish(action, context, job) {
    const folder = partFolder(action);
    const manifest = await readIntactManifest(folder);
    if (!manifest.ok) return manifest;
    const { sumsSha256 } = manifest.value;
    try {
      const trialRestored = action.trialRestore && action.part === 'database';
      await writeVerified(folder, { schema: 1, atMs: context.clock.nowMs(), trialRestored, sumsSha256 });
    } catch (error) {
      return { ok: false, failure: failureOfSystemCall(error, folder) };
    }
    return ok({ kind: 'verifyBackup', ...(await readPart(folder, action.backup, action.part as PartName)), job });
  },
  async fail(action, context, job, found) {
    const failure = await failureOfScript(job, found, outputFolder(context.profile, context.key), undefined);
    const part = unknownPart(partFolder(action), action.backup, action.part);
    return {
      failure: { ...failure, message: `${partFolder(action)}: ${failure.message}` },
      answer: { kind: 'verifyBackup', ...part, job },
    };
  },
};
