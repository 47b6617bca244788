// runInstaller: at most once. It runs as a transient unit named after the key, so that it outlives the agent; its folder
// is made before it and only once, so that a second start fails even where ledger and systemd have forgotten.
import { mkdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { ActionOf, AnswerOf } from '../../shared/actions/action.ts';
import { outputFolder, releasePath } from '../../shared/actions/commands.ts';
import { makePrivateFolder, syncFolder } from '../../shared/durable-file.ts';
import { type Failure, type FailureCode, fail, failure, ok } from '../../shared/failures.ts';
import { unitOfKey } from '../../shared/key.ts';
import { boundOutput } from '../platform/bounded-output.ts';
import { followOutput, type OutputTail } from '../platform/output-tail.ts';
import { errorCode, failureOfSystemCall } from '../platform/system-error.ts';
import { readExitStatus, readStanding, type UnitStanding } from '../platform/transient-unit.ts';
import { type ActionContext, commandsHere, type Ended, executeOk, lastProgram, type Run, record } from './context.ts';
import { notStaged, releaseState } from './release.ts';

const lookMs = 250;
const standingMs = 2000;
/** A unit whose start is on its way while the agent that asked for it is gone appears within this time. */
const appearsWithinMs = 2000;

type Installer = ActionOf<'runInstaller'>;
type InstallerEnded = Ended<AnswerOf<'runInstaller'>>;
/** What stands for the exit status where the installer left none. */
const noExitStatus = -1;

export const runInstaller: Run<'runInstaller'> = async (action, context) => {
  const folder = outputFolder(context.profile, context.key);
  try {
    await makePrivateFolder(dirname(folder));
    await mkdir(folder, { mode: 0o700 });
    await syncFolder(dirname(folder));
  } catch (error) {
    if (errorCode(error) === 'EEXIST')
      return await endBadly(
        'lost',
        'it was started before, but the ledger does not know how it ended',
        noExitStatus,
        context,
        followOutput(join(folder, 'output.log'), undefined),
      );
    return { ok: false, failure: failureOfSystemCall(error, folder) };
  }

  const commands = commandsHere(action, context);
  if (commands[0] !== undefined) record(context, commands[0]);
  const state = await releaseState(action, context);
  if (!state.ok) return state;
  if (!state.value.staged) return notStaged(releasePath(context.profile, action.name, action.sha256), state.value);
  if (context.signal.aborted) return fail('command-killed', 'settled before it was started');

  // Not cut short by settling: a start on its way could arrive after everybody has looked. What it starts is ended then.
  const started = await executeOk({ ...context, signal: new AbortController().signal }, lastProgram(commands));
  if (!started.ok) {
    const standing = await readStanding(unitOfKey(context.key));
    if (standing.ok && !standing.value.isLoaded && (await readExitStatus(folder)) === undefined) return started;
  }
  return await attachInstaller(action, context);
};

/** Follows an installer that was started before, by this agent or by the one that ran then, to its end. */
export async function attachInstaller(action: Installer, context: ActionContext): Promise<InstallerEnded> {
  const unit = unitOfKey(context.key);
  const folder = outputFolder(context.profile, context.key);
  const output = followOutput(join(folder, 'output.log'), action.progressPattern);
  const { clock } = context;
  let nextStandingMs = clock.monotonicMs() + lookMs;
  let absentSinceMs: number | undefined;
  let mayBound = true;
  for (;;) {
    const growth = await output.look();
    if (growth !== undefined) context.progress(growth);
    const status = await readExitStatus(folder);
    if (status !== undefined) return await endWith(status, context, output);

    if (clock.monotonicMs() >= nextStandingMs) {
      nextStandingMs = clock.monotonicMs() + standingMs;
      const unbounded: Failure | undefined = mayBound
        ? await boundOutput(join(folder, 'output.log'), context.runProgram)
        : undefined;
      if (unbounded !== undefined) context.log.warn('output is not bounded', { unit, reason: unbounded.message });
      mayBound &&= unbounded === undefined;
      const standing = await readStanding(unit);
      if (!standing.ok)
        context.log.warn('systemd did not answer, it is asked again', { unit, reason: standing.failure.message });
      else if (isAbsent(standing.value)) {
        absentSinceMs ??= clock.monotonicMs();
        nextStandingMs = clock.monotonicMs() + lookMs;
        if (clock.monotonicMs() - absentSinceMs >= appearsWithinMs)
          return await endAbsent(unit, folder, context, output);
      } else {
        absentSinceMs = undefined;
        const ended = await endAs(standing.value, folder, context, output);
        if (ended !== undefined) return ended;
      }
    }
    await clock.sleep(lookMs);
  }
}

const isAbsent = (standing: UnitStanding): boolean => !standing.isLoaded || standing.activeState === 'inactive';

/** The end that systemd tells where the unit left no status; undefined while anything of it runs. */
async function endAs(
  standing: UnitStanding,
  folder: string,
  context: ActionContext,
  output: OutputTail,
): Promise<InstallerEnded | undefined> {
  const hasExited = standing.activeState === 'active' && standing.subState === 'exited';
  if (!hasExited && !(standing.activeState === 'failed' && standing.isEmpty)) return undefined;
  const status = await readExitStatus(folder);
  if (status !== undefined) return await endWith(status, context, output);
  if (hasExited || standing.result === 'exit-code') return await endWith(standing.exitStatus, context, output);

  if (standing.result === 'timeout') {
    const message = `the installer took longer than ${context.timeoutMs} ms; its whole control group was ended`;
    return await endBadly('timeout', message, noExitStatus, context, output);
  }
  const message = `the installer was ended from outside (${standing.result}); see journalctl -u ${basename(folder)}`;
  return await endBadly('command-killed', message, noExitStatus, context, output);
}

/** Nobody has the unit and it left no status: a reboot, a lost machine, or somebody stopped it. */
async function endAbsent(
  unit: string,
  folder: string,
  context: ActionContext,
  output: OutputTail,
): Promise<InstallerEnded> {
  const status = await readExitStatus(folder);
  if (status !== undefined) return await endWith(status, context, output);
  if (!context.signal.aborted)
    return await endBadly('lost', `${unit} is gone and left no exit status`, noExitStatus, context, output);
  const message = 'the installer was ended when its attempt was settled';
  return await endBadly('command-killed', message, noExitStatus, context, output);
}

async function endWith(status: number, context: ActionContext, output: OutputTail): Promise<InstallerEnded> {
  if (status !== 0)
    return await endBadly('command-failed', `the installer ended with ${status}`, status, context, output);
  return ok((await endOf(status, context, output)).answer);
}

/** Also a bad end says where the whole output lies: to people in the message, to the coordinator in the answer. */
async function endBadly(
  code: FailureCode,
  message: string,
  exitCode: number,
  context: ActionContext,
  output: OutputTail,
): Promise<InstallerEnded> {
  const { answer, lines } = await endOf(exitCode, context, output);
  const where = `${context.nodeName()}:${answer.logFile}`;
  const evidence = lines.join('\n');
  return { ok: false, failure: failure(code, `${message}; its output is in ${where}`, { evidence }), answer };
}

async function endOf(exitCode: number, context: ActionContext, output: OutputTail) {
  const { lines, bytes } = await output.end();
  const answer: AnswerOf<'runInstaller'> = {
    kind: 'runInstaller',
    exitCode,
    elapsedMs: Math.max(0, context.clock.nowMs() - context.startedAtMs),
    logFile: join(outputFolder(context.profile, context.key), 'output.log'),
    logBytes: bytes,
    lastLines: lines.slice(-10).join('\n'),
    unit: unitOfKey(context.key),
  };
  return { answer, lines };
}
