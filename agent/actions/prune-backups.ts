// pruneBackups: a job that removes backups that nobody needs any more; which those are is decided just before it starts.
import { join } from 'node:path';
import { outdatedFile, outputFolder } from '../../shared/actions/jobs/scripts.ts';
import { writeDurably } from '../../shared/durable-file.ts';
import { ok } from '../../shared/failures.ts';
import { outdatedBackups } from '../../shared/outdated-backups.ts';
import { readParts } from '../backups/parts.ts';
import { failureOfScript } from '../jobs/failures.ts';
import type { Job } from '../jobs/job.ts';
import { failureOfSystemCall } from '../platform/system-error.ts';
import { isOwnDirectory } from './back-up.ts';
import { listOf } from './read-backups.ts';

export const pruneBackups: Job<'pruneBackups'> = {
  name: 'removing old backups',
  async before(action, context) {
    const own = await isOwnDirectory(action.directory);
    if (!own.ok) return own;
    const path = join(outputFolder(context.profile, context.key), outdatedFile);
    try {
      const names = outdatedBackups(await readParts(action.directory), action);
      await writeDurably(path, names.map((name) => `${name}\n`).join(''));
      return ok(undefined);
    } catch (error) {
      return { ok: false, failure: failureOfSystemCall(error, action.directory) };
    }
  },
  async finish(action, _context, job) {
    const list = await listOf(action.directory);
    return list.ok ? ok({ kind: 'pruneBackups', ...list.value, job }) : list;
  },
  async fail(action, context, job, found) {
    const failure = await failureOfScript(job, found, outputFolder(context.profile, context.key), undefined);
    const { directory } = action;
    return {
      failure,
      answer: { kind: 'pruneBackups', directory, parts: [], freeBytes: 0, sizeBytes: 0, unfit: '', job },
    };
  },
};
