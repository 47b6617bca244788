// readMissingFiles, mergeFiles: what another node has below a folder and this one lacks, or has in an older state. The other
// node is only read.
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { AnswerOf } from '../../shared/actions/action.ts';
import { differingFile } from '../../shared/actions/jobs/merge-files.ts';
import { outputFolder } from '../../shared/actions/jobs/scripts.ts';
import { fail, ok } from '../../shared/failures.ts';
import { failureOfScript } from '../jobs/failures.ts';
import type { Job } from '../jobs/job.ts';
import { printableLine } from '../platform/printable.ts';
import { failureOfProgram } from '../platform/run-program.ts';
import { failureOfSystemCall } from '../platform/system-error.ts';
import { commandsHere, execute, lastProgram, type Run } from './context.ts';

const sampleMax = 10;

export const readMissingFiles: Run<'readMissingFiles'> = async (action, context) => {
  try {
    // Without it everything would be missing.
    if (!(await stat(action.root)).isDirectory()) return fail('not-found', `${action.root} is no folder`);
  } catch (error) {
    return { ok: false, failure: failureOfSystemCall(error, action.root) };
  }
  const answer: AnswerOf<'readMissingFiles'> = { kind: 'readMissingFiles', missing: 0, older: 0, bytes: 0, sample: [] };
  const decoder = new TextDecoder();
  let rest = '';
  const ran = await execute(context, lastProgram(commandsHere(action, context)), {
    onOutput: (chunk) => {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) count(line, answer);
    },
  });
  const failed = failureOfProgram(ran, context.timeoutMs);
  return failed === undefined ? ok(answer) : { ok: false, failure: failed };
};

function count(line: string, answer: AnswerOf<'readMissingFiles'>): void {
  const [, what = '', bytes = '0', name = ''] = differingFile.exec(line) ?? [];
  if (what === '') return;
  answer.bytes += Number(bytes);
  if (what.startsWith('+')) answer.missing += 1;
  else answer.older += 1;
  if (answer.sample.length < sampleMax) answer.sample.push(printableLine(name));
}

export const mergeFiles: Job<'mergeFiles'> = {
  name: 'bringing files',
  async finish(_action, context, job) {
    const path = join(outputFolder(context.profile, context.key), 'merged');
    try {
      const [files, bytes] = (await readFile(path, 'utf8')).trim().split(' ').map(Number);
      return ok({ kind: 'mergeFiles', files: files ?? 0, bytes: bytes ?? 0, job });
    } catch (error) {
      return { ok: false, failure: failureOfSystemCall(error, path) };
    }
  },
  async fail({ root }, context, job, found) {
    const failure = await failureOfScript(job, found, outputFolder(context.profile, context.key), root);
    return { failure, answer: { kind: 'mergeFiles', files: 0, bytes: 0, job } };
  },
};
