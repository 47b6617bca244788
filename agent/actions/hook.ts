// runHook: one of the node's own executables as a job, called by name; only such as nobody but root may have written.
import { stat } from 'node:fs/promises';
import { fail, ok } from '../../shared/failures.ts';
import type { Job } from '../jobs/job.ts';
import { refusalOfOwner } from '../platform/root-only.ts';
import { failureOfSystemCall } from '../platform/system-error.ts';

export const hook: Job<'runHook'> = {
  name: 'the hook',
  async before({ hook: name }, context) {
    const { hooksDirectory } = context.profile;
    if (hooksDirectory === '')
      return fail('refused-by-policy', `no hooksDirectory in ${context.policy.file} on this node`);
    for (const path of [hooksDirectory, `${hooksDirectory}/${name}`]) {
      try {
        const found = await stat(path);
        const refusal = refusalOfOwner(path, found);
        if (refusal !== undefined) return { ok: false, failure: refusal };
        if (found.isFile() && (found.mode & 0o100) === 0) return fail('not-found', `${path} is not executable`);
      } catch (error) {
        return { ok: false, failure: failureOfSystemCall(error, path) };
      }
    }
    return ok(undefined);
  },
  async finish(action, _context, job) {
    return ok({ kind: 'runHook', hook: action.hook, exitCode: job.exitCode, lastLines: job.lastLines, job });
  },
  async fail(action, _context, job, failure) {
    const said = job.lastLines.split('\n').at(-1) ?? '';
    const message = `${failure.message}${said === '' ? '' : `: ${said}`} (${action.hook} ${action.args.join(' ')})`;
    const answer = { hook: action.hook, exitCode: job.exitCode, lastLines: job.lastLines, job };
    return { failure: { ...failure, message }, answer: { kind: 'runHook', ...answer } };
  },
};
