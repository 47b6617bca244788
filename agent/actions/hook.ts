// runHook: one of the node's own executables as a job, called by name; only such as nobody but root may have written.
// readHook: the same asked with `verify`, where its exit status is the answer.
import { stat } from 'node:fs/promises';
import { type Failure, fail, failure, ok, type Result } from '../../shared/failures.ts';
import type { Job } from '../jobs/job.ts';
import { printableLines } from '../platform/printable.ts';
import { refusalOfOwner } from '../platform/root-only.ts';
import { failureOfProgram, type Ran } from '../platform/run-program.ts';
import { failureOfSystemCall } from '../platform/system-error.ts';
import { type ActionContext, commandsHere, execute, lastProgram, type Run } from './context.ts';

export const hook: Job<'runHook'> = {
  name: 'the hook',
  before: ({ hook: name }, context) => mayBeCalled(name, context),
  async finish(action, _context, job) {
    return ok({ kind: 'runHook', hook: action.hook, exitCode: job.exitCode, lastLines: job.lastLines, job });
  },
  async fail(action, _context, job, found) {
    const said = job.lastLines.split('\n').at(-1) ?? '';
    const message = `${found.message}${said === '' ? '' : `: ${said}`} (${action.hook} ${action.args.join(' ')})`;
    const answer = { hook: action.hook, exitCode: job.exitCode, lastLines: job.lastLines, job };
    return { failure: { ...found, message }, answer: { kind: 'runHook', ...answer } };
  },
};

export const readHook: Run<'readHook'> = async (action, context) => {
  const may = await mayBeCalled(action.hook, context);
  if (!may.ok) return may;
  const ran = await execute(context, lastProgram(commandsHere(action, context)));
  // Ended by a signal or by the time limit, it has said nothing.
  if (ran.exitCode === undefined) return { ok: false, failure: unanswered(ran, context.timeoutMs) };
  const lastLines = printableLines(`${ran.stdout}\n${ran.stderr}`, 5).join('\n');
  return ok({ kind: 'readHook', exitCode: ran.exitCode, lastLines });
};

const unanswered = (ran: Ran, timeoutMs: number): Failure =>
  failureOfProgram(ran, timeoutMs) ?? failure('unexpected-output', `${ran.program} left no exit status`);

async function mayBeCalled(name: string, { policy, profile }: ActionContext): Promise<Result<void>> {
  const { hooksDirectory } = profile;
  if (hooksDirectory === '') return fail('refused-by-policy', `no hooksDirectory in ${policy.file} on this node`);
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
}
