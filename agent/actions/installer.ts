// runInstaller: the staged file as a job; its sum is compared just before it starts. At most once, as every job.
import { releasePath } from '../../shared/actions/commands.ts';
import { ok } from '../../shared/failures.ts';
import type { Job } from '../jobs/job.ts';
import { notStaged, releaseState } from './release.ts';

export const installer: Job<'runInstaller'> = {
  name: 'the installer',
  progressPattern: (action) => action.progressPattern,
  async before(action, context) {
    const state = await releaseState(action, context);
    if (!state.ok) return state;
    const path = releasePath(context.profile, action.name, action.sha256);
    return state.value.staged ? ok(undefined) : notStaged(path, state.value);
  },
  finish: async (_action, _context, end) => ok({ kind: 'runInstaller', ...end }),
  fail: async (_action, _context, end, failure) => ({ failure, answer: { kind: 'runInstaller', ...end } }),
};
