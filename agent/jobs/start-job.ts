// Starts a job: at most once. It runs as a transient unit named after the key, so that it outlives the agent; its folder
// is made before it and only once, so that a second start fails even where ledger and systemd have forgotten.
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Answer } from '../../shared/actions/action.ts';
import { printCommand } from '../../shared/actions/command.ts';
import type { JobAction } from '../../shared/actions/jobs/job.ts';
import { outputFolder, scriptOf } from '../../shared/actions/jobs/scripts.ts';
import { makePrivateFolder, syncFolder, writeDurably } from '../../shared/durable-file.ts';
import { fail } from '../../shared/failures.ts';
import { unitOfKey } from '../../shared/key.ts';
import { type ActionContext, commandsHere, type Ended, executeOk, lastProgram, record } from '../actions/context.ts';
import { errorCode, failureOfSystemCall } from '../platform/system-error.ts';
import { readExitStatus, readStanding } from '../platform/transient-unit.ts';
import { attachJob, commandsFile, endForgotten } from './attach-job.ts';
import { jobOf } from './jobs.ts';

/** Starts the unit of an action and follows it to its end. */
export async function startJob(action: JobAction, context: ActionContext): Promise<Ended<Answer>> {
  const folder = outputFolder(context.profile, context.key);
  try {
    await makePrivateFolder(dirname(folder));
    await mkdir(folder, { mode: 0o700 });
    await syncFolder(dirname(folder));
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return await endForgotten(action, context);
    return { ok: false, failure: failureOfSystemCall(error, folder) };
  }

  const commands = commandsHere(action, context);
  if (action.kind !== 'runInstaller' && action.kind !== 'runHook')
    await writeDurably(join(folder, 'job.sh'), scriptOf(action, context.profile, folder));
  await writeDurably(join(folder, commandsFile), JSON.stringify(commands.map(printCommand)));
  for (const command of commands.slice(0, -1)) record(context, command);
  const ready = await jobOf(action.kind).before?.(action as never, context);
  if (ready?.ok === false) return ready;
  if (context.signal.aborted) return fail('command-killed', 'settled before it was started');

  // Not cut short by settling: a start on its way could arrive after everybody has looked. What it starts is ended then.
  const started = await executeOk({ ...context, signal: new AbortController().signal }, lastProgram(commands));
  if (!started.ok) {
    const standing = await readStanding(unitOfKey(context.key));
    if (standing.ok && !standing.value.isLoaded && (await readExitStatus(folder)) === undefined) return started;
  }
  return await attachJob(action, context);
}
