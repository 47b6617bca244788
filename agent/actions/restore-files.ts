// restoreFiles: a job that puts the trees of a part back as they were. Where they lie is said by the part, what of that may
// be written by the policy.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type PartName, partFolder } from '../../shared/actions/jobs/places.ts';
import { outputFolder } from '../../shared/actions/jobs/scripts.ts';
import { fail, ok } from '../../shared/failures.ts';
import { markRestored, readIntactManifest } from '../backups/manifest.ts';
import { readPart, unknownPart } from '../backups/parts.ts';
import { removeTree } from '../backups/remove-tree.ts';
import { failureOfScript } from '../jobs/failures.ts';
import type { Job } from '../jobs/job.ts';
import { refusalOf, rootOf } from '../policy/permit.ts';
import { isOwnDirectory } from './back-up.ts';

export const restoreFiles: Job<'restoreFiles'> = {
  name: 'restoring files',
  async before(action, context) {
    const own = await isOwnDirectory(action.directory);
    if (!own.ok) return own;
    const manifest = await readIntactManifest(partFolder(action));
    if (!manifest.ok) return manifest;
    const allowed = context.policy.backups?.paths ?? [];
    const outside = manifest.value.paths.filter((path) => rootOf(path, allowed) === undefined);
    if (outside.length > 0)
      return fail(
        'refused-by-policy',
        `${outside.join(', ')} is not allowed by backups.paths in ${context.policy.file} on this node`,
      );
    const units = await unitsIn(partFolder(action));
    const refusal = units.length === 0 ? undefined : refusalOf({ kind: 'startUnits', units }, context.policy);
    return refusal === undefined ? ok(undefined) : { ok: false, failure: refusal };
  },
  async finish(action, context, job) {
    const marked = await markRestored(partFolder(action), context.key.run, context.clock.nowMs());
    if (!marked.ok) return marked;
    return ok({
      kind: 'restoreFiles',
      ...(await readPart(partFolder(action), action.backup, action.part as PartName)),
      job,
    });
  },
  async fail(action, context, job, found) {
    const folder = partFolder(action);
    const failure = await failureOfScript(job, found, outputFolder(context.profile, context.key), action.directory);
    if (found.code !== 'lost') await removeTree(`${folder}.unpacked`, context.runProgram);
    return { failure, answer: { kind: 'restoreFiles', ...unknownPart(folder, action.backup, action.part), job } };
  },
};

/** Those whose start at boot is restored; none in a part of an older agent. */
async function unitsIn(folder: string): Promise<string[]> {
  const text = await readFile(join(folder, 'units'), 'utf8').catch(() => '');
  return text.split('\n').flatMap((line) => line.split(' ')[0] || []);
}
