// readReplication, countRows, findRows: one SQL statement each through psql, as the policy's database user.
import { z } from 'zod';
import type { Program } from '../../shared/actions/command.ts';
import { fail, ok, type Result } from '../../shared/failures.ts';
import { failureOfProgram } from '../platform/run-program.ts';
import {
  type ActionContext,
  commandsHere,
  execute,
  executeOk,
  isProgram,
  lastProgram,
  type Run,
  until,
} from './context.ts';

const nullAsEmpty = z
  .string()
  .nullable()
  .transform((text) => text ?? '');

const replicationSchema = z.object({
  inRecovery: z.boolean(),
  acceptsWrites: z.boolean(),
  timeline: z.number(),
  lsn: nullAsEmpty,
  receivedLsn: nullAsEmpty,
  receiverStatus: nullAsEmpty,
  replayPaused: z.boolean(),
  replayDelayS: z.number(),
  messageAgoS: z.number(),
  clients: z.array(
    z.object({
      address: z.string(),
      state: z.string(),
      sentLsn: nullAsEmpty,
      replayLsn: nullAsEmpty,
      lagBytes: z.number(),
      encrypted: z.boolean(),
    }),
  ),
  serverMajor: z.number(),
});

const rowCountsSchema = z.object({
  snapshot: z.string(),
  lsn: nullAsEmpty,
  inRecovery: z.boolean(),
  tables: z.array(z.object({ table: z.string(), rows: z.number() })),
});

export const readReplication: Run<'readReplication'> = async (action, context) => {
  const [reached, state] = commandsHere(action, context).filter(isProgram);
  if (reached !== undefined && state !== undefined) {
    // What is so when the wait is over is told in any case: whether it is enough is not decided here.
    const untilMs = context.deadlineMs - context.timeoutMs / 2;
    while (context.clock.monotonicMs() < untilMs && !context.signal.aborted) {
      const ran = await execute(context, reached);
      if (failureOfProgram(ran, context.timeoutMs) !== undefined || ran.stdout.trim() === 't') break;
      await context.clock.sleep(100, context.signal);
    }
  }
  const read = await readJson(context, lastProgram(commandsHere(action, context)), replicationSchema);
  return read.ok ? ok({ kind: 'readReplication', ...read.value }) : read;
};

export const countRows: Run<'countRows'> = async (action, context) => {
  const [first, last] = commandsHere(action, context).filter(isProgram);
  if (first !== undefined && last !== undefined) {
    const reached = await until(context, `replay did not reach ${action.fromLsn}`, async () => {
      const ran = await execute(context, first);
      const failed = failureOfProgram(ran, context.timeoutMs);
      if (failed !== undefined) return { ok: false, failure: failed };
      return ran.stdout.trim() === 't' ? ok(true) : undefined;
    });
    if (!reached.ok) return reached;
  }
  const read = await readJson(context, lastProgram(commandsHere(action, context)), rowCountsSchema);
  return read.ok ? ok({ kind: 'countRows', ...read.value }) : read;
};

export const findRows: Run<'findRows'> = async (action, context) => {
  const ran = await executeOk(context, lastProgram(commandsHere(action, context)));
  if (!ran.ok) return ran;
  const rows = Number(ran.value.stdout.trim());
  if (!Number.isSafeInteger(rows) || ran.value.stdout.trim() === '')
    return fail('unexpected-output', `psql answered ${JSON.stringify(ran.value.stdout.slice(0, 100))}, not a number`);
  return ok({ kind: 'findRows', rows });
};

export async function readJson<T>(context: ActionContext, command: Program, schema: z.ZodType<T>): Promise<Result<T>> {
  const ran = await executeOk(context, command);
  if (!ran.ok) return ran;
  try {
    const parsed = schema.safeParse(JSON.parse(ran.value.stdout));
    if (parsed.success) return ok(parsed.data);
    return fail('unexpected-output', `psql's answer cannot be read: ${z.prettifyError(parsed.error)}`, {
      evidence: ran.value.stdout,
    });
  } catch (error) {
    return fail('unexpected-output', `psql's answer is not JSON: ${(error as Error).message}`, {
      evidence: ran.value.stdout,
    });
  }
}
