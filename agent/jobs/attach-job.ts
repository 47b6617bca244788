// Follows the unit of a job to its end, whichever agent has started it, and says how it ended: from the files that it
// left, and only where there are none from what systemd says. Starts nothing.
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Answer } from '../../shared/actions/action.ts';
import { printCommands } from '../../shared/actions/commands.ts';
import type { JobAction, JobKind } from '../../shared/actions/jobs/job.ts';
import { outputFolder } from '../../shared/actions/jobs/scripts.ts';
import { type Failure, type FailureCode, failure } from '../../shared/failures.ts';
import { unitOfKey } from '../../shared/key.ts';
import type { ActionContext, Ended } from '../actions/context.ts';
import { boundOutput } from '../platform/bounded-output.ts';
import { followOutput, type OutputTail } from '../platform/output-tail.ts';
import { readExitStatus, readStanding, type UnitStanding } from '../platform/transient-unit.ts';
import type { Job, JobEnd } from './job.ts';
import { jobOf } from './jobs.ts';
import { type StatusLeft, watchStatus } from './status-left.ts';

const lookMs = 250;
const standingMs = 2000;
const measureMs = 1000;
/** A unit whose start is on its way while the agent that asked for it is gone appears within this time. */
const appearsWithinMs = 2000;
/** What stands for the exit status where the job left none. */
const noExitStatus = -1;

/** One job as it is followed. */
interface Followed {
  action: never;
  job: Job<JobKind>;
  context: ActionContext;
  folder: string;
  output: OutputTail;
}

function followed(action: JobAction, context: ActionContext): Followed {
  const job = jobOf(action.kind) as unknown as Job<JobKind>;
  const folder = outputFolder(context.profile, context.key);
  const output = followOutput(join(folder, 'output.log'), job.progressPattern?.(action as never));
  return { action: action as never, job, context, folder, output };
}

/** The command lines as they were when it started, for an agent that only follows it. */
export const commandsFile = 'commands.json';

async function startedCommands(action: JobAction, { context, folder }: Followed): Promise<string[]> {
  try {
    return JSON.parse(await readFile(join(folder, commandsFile), 'utf8')) as string[];
  } catch {
    return printCommands(action, context.profile, context);
  }
}

/** Its folder was there before it was to be started. */
export async function endForgotten(action: JobAction, context: ActionContext): Promise<Ended<Answer>> {
  const message = 'it was started before, but the ledger does not know how it ended';
  return await endBadly('lost', message, noExitStatus, followed(action, context));
}

/** Follows a job that was started before, by this agent or by the one that ran then, to its end. */
export async function attachJob(action: JobAction, context: ActionContext): Promise<Ended<Answer>> {
  const it = followed(action, context);
  const left = watchStatus(it.folder);
  try {
    return await followToEnd(it, left, action, context);
  } finally {
    left.close();
  }
}

async function followToEnd(
  it: Followed,
  left: StatusLeft,
  action: JobAction,
  context: ActionContext,
): Promise<Ended<Answer>> {
  if (context.commands.length === 0) context.commands.push(...(await startedCommands(action, it)));
  const unit = unitOfKey(context.key);
  const { clock } = context;
  let nextStandingMs = clock.monotonicMs() + lookMs;
  let nextMeasureMs = clock.monotonicMs() + measureMs;
  let absentSinceMs: number | undefined;
  let mayBound = true;
  for (;;) {
    const growth = await it.output.look();
    if (growth !== undefined) context.progress(growth);
    const status = await readExitStatus(it.folder);
    if (status !== undefined) return await endWith(status, it);

    if (it.job.measure !== undefined && clock.monotonicMs() >= nextMeasureMs) {
      nextMeasureMs = clock.monotonicMs() + measureMs;
      const measured = await it.job.measure(it.action, context);
      if (measured !== undefined) context.progress({ ...measured, outputBytes: it.output.bytes() });
    }
    if (clock.monotonicMs() >= nextStandingMs) {
      nextStandingMs = clock.monotonicMs() + standingMs;
      const unbounded: Failure | undefined = mayBound
        ? await boundOutput(join(it.folder, 'output.log'), context.runProgram)
        : undefined;
      if (unbounded !== undefined) context.log.warn('output is not bounded', { unit, reason: unbounded.message });
      mayBound &&= unbounded === undefined;
      const standing = await readStanding(unit);
      if (!standing.ok)
        context.log.warn('systemd did not answer, it is asked again', { unit, reason: standing.failure.message });
      else if (isAbsent(standing.value)) {
        absentSinceMs ??= clock.monotonicMs();
        nextStandingMs = clock.monotonicMs() + lookMs;
        if (clock.monotonicMs() - absentSinceMs >= appearsWithinMs) return await endAbsent(unit, it);
      } else {
        absentSinceMs = undefined;
        const ended = await endAs(standing.value, it);
        if (ended !== undefined) return ended;
      }
    }
    await Promise.race([clock.sleep(lookMs), left.soon()]);
  }
}

const isAbsent = (standing: UnitStanding): boolean => !standing.isLoaded || standing.activeState === 'inactive';

/** The end that systemd tells where the unit left no status; undefined while anything of it runs. */
async function endAs(standing: UnitStanding, it: Followed): Promise<Ended<Answer> | undefined> {
  const hasExited = standing.activeState === 'active' && standing.subState === 'exited';
  if (!hasExited && !(standing.activeState === 'failed' && standing.isEmpty)) return undefined;
  const status = await readExitStatus(it.folder);
  if (status !== undefined) return await endWith(status, it);
  if (hasExited || standing.result === 'exit-code') return await endWith(standing.exitStatus, it);

  if (standing.result === 'timeout') {
    const message = `${it.job.name} took longer than ${it.context.timeoutMs} ms; its whole control group was ended`;
    return await endBadly('timeout', message, noExitStatus, it);
  }
  const message = `${it.job.name} was ended from outside (${standing.result}); see journalctl -u ${basename(it.folder)}`;
  return await endBadly('command-killed', message, noExitStatus, it);
}

/** Nobody has the unit and it left no status: a reboot, a lost machine, or somebody stopped it. */
async function endAbsent(unit: string, it: Followed): Promise<Ended<Answer>> {
  const status = await readExitStatus(it.folder);
  if (status !== undefined) return await endWith(status, it);
  if (!it.context.signal.aborted)
    return await endBadly('lost', `${unit} is gone and left no exit status`, noExitStatus, it);
  return await endBadly('command-killed', `${it.job.name} was ended when its attempt was settled`, noExitStatus, it);
}

async function endWith(status: number, it: Followed): Promise<Ended<Answer>> {
  if (status !== 0) return await endBadly('command-failed', `${it.job.name} ended with ${status}`, status, it);
  return await it.job.finish(it.action, it.context, (await endOf(status, it)).end);
}

/** Also a bad end says where the whole output lies: to people in the message, to the coordinator in the answer. */
async function endBadly(code: FailureCode, message: string, exitCode: number, it: Followed): Promise<Ended<Answer>> {
  const { end, lines } = await endOf(exitCode, it);
  const failed = await it.job.fail(it.action, it.context, end, failure(code, message, { evidence: lines.join('\n') }));
  const where = `${it.context.nodeName()}:${end.logFile}`;
  const told = { ...failed.failure, message: `${failed.failure.message}; its output is in ${where}` };
  return { ok: false, failure: told, answer: failed.answer };
}

async function endOf(
  exitCode: number,
  { context, output, folder }: Followed,
): Promise<{ end: JobEnd; lines: string[] }> {
  const { lines, bytes } = await output.end();
  const end: JobEnd = {
    exitCode,
    elapsedMs: Math.max(0, context.clock.nowMs() - context.startedAtMs),
    logFile: join(folder, 'output.log'),
    logBytes: bytes,
    lastLines: lines.slice(-10).join('\n'),
    unit: unitOfKey(context.key),
  };
  return { end, lines };
}
