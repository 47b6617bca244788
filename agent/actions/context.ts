// What an action is given, and how it executes command lines: each is recorded as it starts, secrets excepted.
import type { Action, ActionKind, ActionOf, AnswerOf } from '../../shared/actions/action.ts';
import {
  type Command,
  type CommandContext,
  type NodeProfile,
  type Program,
  printCommand,
} from '../../shared/actions/command.ts';
import { commandsOf } from '../../shared/actions/commands.ts';
import type { Clock } from '../../shared/clock.ts';
import { type Failure, fail, ok, type Result } from '../../shared/failures.ts';
import type { Key } from '../../shared/key.ts';
import type { Log } from '../../shared/log.ts';
import type { LedgerFile } from '../ledger/ledger-file.ts';
import { failureOfProgram, type Ran, type RunOptions, type RunProgram } from '../platform/run-program.ts';
import type { Policy } from '../policy/policy.ts';

export interface StepProgress {
  percent?: number;
  line: string;
  outputBytes: number;
}

/** Streams a stored installer from an offset on; throws with the link's failure when it breaks off. */
export type FetchRelease = (sha256: string, offsetBytes: number, signal: AbortSignal) => AsyncIterable<Uint8Array>;

/** What the daemon has for all actions. */
export interface AgentParts {
  ledger: LedgerFile;
  clock: Clock;
  log: Log;
  /** As the coordinators know this node. */
  nodeName(): string;
  fetchRelease: FetchRelease;
  runProgram: RunProgram;
}

export interface ActionContext extends AgentParts {
  key: Key;
  timeoutMs: number;
  /** Wall clock, as the ledger has it. */
  startedAtMs: number;
  /** Monotonic. */
  deadlineMs: number;
  /** Aborted when the attempt is settled. */
  signal: AbortSignal;
  policy: Policy;
  profile: NodeProfile;
  /** What was executed so far. */
  commands: string[];
  progress(progress: StepProgress): void;
}

/** How an action ended. A failed one may still answer what is known, such as where its output lies. */
export type Ended<A> = { ok: true; value: A } | { ok: false; failure: Failure; answer?: A };

/** How each kind of action is carried out. */
export type Run<K extends ActionKind> = (action: ActionOf<K>, context: ActionContext) => Promise<Ended<AnswerOf<K>>>;

/** The command lines of an action on this node: those that the dry run prints. */
export function commandsHere(action: Action, context: ActionContext): Command[] {
  const where: CommandContext = { key: context.key, timeoutMs: context.timeoutMs };
  return commandsOf(action, context.profile, where);
}

/** Records a command line; the same one again and again (polling) only once. */
export function record(context: ActionContext, command: Command): void {
  const line = printCommand(command);
  if (context.commands.at(-1) !== line) context.commands.push(line);
}

/** Runs a program within what is left of the action's time; any exit status is a value. */
export async function execute(
  context: ActionContext,
  command: Program,
  more: Pick<RunOptions, 'onOutput' | 'signal'> = {},
): Promise<Ran> {
  record(context, command);
  return await context.runProgram(command.argv, {
    timeoutMs: leftMs(context),
    signal: context.signal,
    ...(command.input === undefined ? {} : { input: command.input }),
    ...more,
  });
}

/** As execute, but anything other than exit status 0 is a failure. */
export async function executeOk(context: ActionContext, command: Program): Promise<Result<Ran>> {
  const ran = await execute(context, command);
  const failed = failureOfProgram(ran, context.timeoutMs);
  return failed === undefined ? ok(ran) : { ok: false, failure: failed };
}

export const isProgram = (command: Command | undefined): command is Program => command?.by === 'program';

/** The last program of an action's command lines: its reading. */
export function lastProgram(commands: readonly Command[]): Program {
  const found = commands.findLast(isProgram);
  if (found === undefined) throw new Error('an action that runs programs has no command line; see commands.ts');
  return found;
}

export const leftMs = ({ deadlineMs, clock }: Pick<ActionContext, 'deadlineMs' | 'clock'>): number =>
  Math.max(1, deadlineMs - clock.monotonicMs());

/** Looks every `everyMs` until there is an answer; a timeout failure with `what` when the action's time is over. */
export async function until<T>(
  context: ActionContext,
  what: string,
  look: () => Promise<Result<T> | undefined>,
  everyMs = 250,
): Promise<Result<T>> {
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (context.signal.aborted) return fail('command-killed', `${what}: the attempt was settled`);
    if (context.clock.monotonicMs() >= context.deadlineMs)
      return fail('timeout', `${what}: not within ${context.timeoutMs} ms`, { retryable: true });
    await context.clock.sleep(Math.min(everyMs, leftMs(context)), context.signal);
  }
}
