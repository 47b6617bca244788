// What every command runs in: its words, its client, and the one place where a failure becomes a message and an exit
// code. A bug prints its stack only with BATON_DEBUG=1.
import { type Failure, failure, type Result } from '../../shared/failures.ts';
import { seconds } from '../../shared/units.ts';
import { type ConnectionFlags, endpointOf } from './address.ts';
import { connectOperator, type OperatorClient } from './client.ts';
import { type ExitCode, exitCodes, exitOfFailure } from './exit-codes.ts';
import { type Io, processIo } from './io.ts';
import { clean, cleanBlock, indent } from './view/text.ts';

export type CommandEnd = Result<ExitCode>;

export interface Shell {
  /** Runs a command that needs nobody. */
  locally(options: { json?: boolean | undefined }, body: (io: Io) => Promise<CommandEnd>): Promise<void>;
  /** Runs a command that asks the coordinator. */
  withCoordinator(
    options: { json?: boolean | undefined },
    body: (client: OperatorClient, io: Io) => Promise<CommandEnd>,
  ): Promise<void>;
  /** Runs the daemon: it has signals and a log of its own. */
  asDaemon(body: () => Promise<Result<void>>): Promise<void>;
}

/** The shell of this process; `flags` are read when a command starts. */
export function processShell(flags: () => ConnectionFlags): Shell {
  const run = async (isJson: boolean, body: (io: Io) => Promise<CommandEnd>) => {
    const io = processIo(isJson);
    process.on('SIGINT', () => {
      io.note(`\n${io.onInterrupt()}`);
      process.exit(exitCodes.detached);
    });
    process.exitCode = await settle(io, () => body(io));
  };
  return {
    locally: (options, body) => run(options.json === true, body),
    withCoordinator: (options, body) =>
      run(options.json === true, async (io) => {
        const endpoint = endpointOf(flags());
        if (!endpoint.ok) return endpoint;
        const client = connectOperator(endpoint.value);
        try {
          return await body(client, io);
        } finally {
          client.close();
        }
      }),
    asDaemon: async (body) => {
      process.exitCode = await settle(processIo(false), async () => {
        const ended = await body();
        return ended.ok ? { ok: true, value: exitCodes.done } : ended;
      });
      // Everything is stopped or given up; a connection that is half-open must not hold the process.
      setTimeout(() => process.exit(), seconds(1)).unref();
    },
  };
}

async function settle(io: Io, body: () => Promise<CommandEnd>): Promise<ExitCode> {
  let ended: CommandEnd;
  try {
    ended = await body();
  } catch (error) {
    ended = { ok: false, failure: bug(error) };
  }
  if (ended.ok) return ended.value;
  const code = exitOfFailure(ended.failure);
  io.note(failureText(ended.failure, io));
  if (io.isJson) io.document({ schema: 1, error: ended.failure });
  return code;
}

/** A failure for people: what it is, what was seen, never a stack. */
export function failureText(value: Failure, io: Pick<Io, 'notePaint'>): string {
  const lines = cleanBlock(value.message).trim();
  const evidence = cleanBlock(value.evidence).trim();
  const seen = evidence === '' || lines.includes(evidence) ? '' : `\n${indent(evidence, '  │ ')}`;
  return `${io.notePaint('red', 'baton:')} ${lines}${seen}`;
}

function bug(error: unknown): Failure {
  const text = error instanceof Error ? error.message : String(error);
  const stack = error instanceof Error ? (error.stack ?? '') : '';
  return failure('internal', `a bug of Baton: ${clean(text)}; BATON_DEBUG=1 shows where`, {
    evidence: process.env.BATON_DEBUG === '1' ? stack : '',
  });
}
