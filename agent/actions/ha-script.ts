// runHaScript: one of the HA software's own scripts as a job. What it may do is its owner's power, not root's.
import { stat } from 'node:fs/promises';
import { fail, ok, type Result } from '../../shared/failures.ts';
import type { Job } from '../jobs/job.ts';
import { refusalOfOwner } from '../platform/root-only.ts';
import { failureOfSystemCall } from '../platform/system-error.ts';

export const runHaScript: Job<'runHaScript'> = {
  name: 'the HA script',
  before: ({ script }, { profile }) => mayBeRun(profile.haDirectory, script),
  async finish({ script }, _context, job) {
    return ok({ kind: 'runHaScript', script, exitCode: job.exitCode, lastLines: job.lastLines, job });
  },
  async fail({ script }, _context, job, found) {
    const said = job.lastLines.split('\n').at(-1) ?? '';
    const message = `${found.message}${said === '' ? '' : `: ${said}`} (sh ${script})`;
    const answer = { script, exitCode: job.exitCode, lastLines: job.lastLines, job };
    return { failure: { ...found, message }, answer: { kind: 'runHaScript', ...answer } };
  },
};

async function mayBeRun(directory: string, script: string): Promise<Result<void>> {
  const path = `${directory}/${script}`;
  try {
    const [folder, file] = await Promise.all([stat(directory), stat(path)]);
    if (!file.isFile()) return fail('not-found', `${path} is no file`);
    // A folder of root's makes it run as root; anybody else's only as that one.
    const refusal = folder.uid === 0 ? (refusalOfOwner(directory, folder) ?? refusalOfOwner(path, file)) : undefined;
    return refusal === undefined ? ok(undefined) : { ok: false, failure: refusal };
  } catch (error) {
    return { ok: false, failure: failureOfSystemCall(error, path) };
  }
}
