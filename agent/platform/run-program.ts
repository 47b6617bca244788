// The one runner of programs: arguments only and never a shell, end of file on stdin, bounded output, a fixed locale and
// search path, and a timeout that ends the whole process group.
import type { Readable } from 'node:stream';
import { execa } from 'execa';
import { type Failure, failure } from '../../shared/failures.ts';

export interface RunOptions {
  timeoutMs: number;
  input?: string | Readable;
  signal?: AbortSignal;
  /** Output goes here piece by piece instead of being kept. */
  onOutput?: (chunk: Uint8Array) => void;
}

export interface Ran {
  program: string;
  exitCode: number | undefined;
  signal: string | undefined;
  timedOut: boolean;
  cancelled: boolean;
  /** It could not be started: not found, not executable. */
  startError: string | undefined;
  stdout: string;
  stderr: string;
  elapsedMs: number;
}

export const searchPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const outputBytesMax = 4 * 1024 * 1024;
const timerMsMax = 2_147_483_647;
/** Beyond its timeout, by which everything that can be ended has ended. */
const graceMs = 3000;

export type RunProgram = (argv: readonly string[], options: RunOptions) => Promise<Ran>;

/** Runs a program to its end; never throws, what happened is in the fields. */
export async function runProgram(argv: readonly string[], options: RunOptions): Promise<Ran> {
  const [program = '', ...args] = argv;
  const timeoutMs = Math.max(1, Math.min(Math.round(options.timeoutMs), timerMsMax - graceMs));
  const running = execa(program, args, {
    cwd: '/',
    env: { PATH: searchPath, LANG: 'C.UTF-8', LC_ALL: 'C.UTF-8', HOME: '/root' },
    extendEnv: false,
    reject: false,
    ...(options.input === undefined ? { stdin: 'ignore' as const } : { input: options.input }),
    buffer: { stdout: options.onOutput === undefined, stderr: true },
    maxBuffer: outputBytesMax,
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
    killDescendants: true,
    stripFinalNewline: true,
    ...(options.signal === undefined ? {} : { cancelSignal: options.signal }),
  });
  if (options.onOutput !== undefined) running.stdout?.on('data', options.onOutput);
  const result = await endWithin(running, timeoutMs + graceMs);
  if (result === undefined) {
    running.stdout?.destroy();
    running.stderr?.destroy();
    running.catch(() => {});
    return {
      ...{ program, exitCode: undefined, signal: undefined, timedOut: true, cancelled: false, startError: undefined },
      ...{
        stdout: '',
        stderr: 'something that it started still holds its output open',
        elapsedMs: timeoutMs + graceMs,
      },
    };
  }
  const started = result.exitCode !== undefined || result.signal !== undefined || result.timedOut || result.isCanceled;
  return {
    program,
    exitCode: result.exitCode,
    signal: result.signal,
    timedOut: result.timedOut,
    cancelled: result.isCanceled,
    startError: started ? undefined : (result.shortMessage ?? 'it could not be started'),
    stdout: result.stdout ?? '',
    stderr: result.stderr ?? '',
    elapsedMs: result.durationMs,
  };
}

/** A program counts as running while anybody holds its output, also one that has left its process group: not for ever. */
async function endWithin<T>(running: PromiseLike<T>, ms: number): Promise<T | undefined> {
  const { promise: late, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => resolve(undefined), ms);
  try {
    return await Promise.race([running, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** The one translation of how a program ended; undefined when it ended with 0. */
export function failureOfProgram(ran: Ran, timeoutMs: number): Failure | undefined {
  if (ran.exitCode === 0) return undefined;
  const evidence = [ran.stderr, ran.stdout].filter((text) => text !== '').join('\n');
  const said = evidence.split('\n').find((line) => line.trim() !== '');
  const because = said === undefined ? '' : `: ${said.slice(0, 300)}`;
  const retryable = true;
  if (ran.startError !== undefined) return failure('not-found', `${ran.program} cannot be started: ${ran.startError}`);
  if (ran.timedOut)
    return failure('timeout', `${ran.program} took longer than ${Math.round(timeoutMs)} ms and was ended${because}`, {
      retryable,
      evidence,
    });
  if (ran.cancelled)
    return failure('command-killed', `${ran.program} was ended: the attempt was settled`, { evidence });
  if (ran.signal !== undefined)
    return failure('command-killed', `${ran.program} was ended by ${ran.signal}${because}`, { retryable, evidence });
  return failure('command-failed', `${ran.program} ended with ${ran.exitCode}${because}`, { retryable, evidence });
}
