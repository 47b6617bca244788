// readBackups and measureBackup: what lies in the backups' directory, and what would come to it.
import { fail, ok, type Result } from '../../shared/failures.ts';
import { diskBelow, type Part, readParts } from '../backups/parts.ts';
import { whyUnfit } from '../backups/unfit.ts';
import { failureOfProgram } from '../platform/run-program.ts';
import { failureOfSystemCall } from '../platform/system-error.ts';
import { type ActionContext, commandsHere, execute, executeOk, isProgram, type Run, record } from './context.ts';

type List = { directory: string; parts: Part[]; freeBytes: number; sizeBytes: number; unfit: string };

export const readBackups: Run<'readBackups'> = async (action, context) => {
  for (const command of commandsHere(action, context)) record(context, command);
  const list = await listOf(action.directory);
  return list.ok ? ok({ kind: 'readBackups', ...list.value }) : list;
};

export const measureBackup: Run<'measureBackup'> = async (action, context) => {
  const [room, ...rest] = commandsHere(action, context);
  if (room !== undefined) record(context, room);
  const programs = rest.filter(isProgram);
  const find = programs.find(({ into }) => into !== undefined);
  const size = programs.find(({ into }) => into === undefined);
  const files = find === undefined ? ok({ filesBytes: 0, files: 0 }) : await sumOf(context, find);
  if (!files.ok) return files;
  const database = size === undefined ? ok(0) : await numberOf(context, size);
  if (!database.ok) return database;
  try {
    const { freeBytes, sizeBytes } = await diskBelow(action.directory);
    return ok({ kind: 'measureBackup', ...files.value, databaseBytes: database.value, freeBytes, sizeBytes });
  } catch (error) {
    return { ok: false, failure: failureOfSystemCall(error, action.directory) };
  }
};

export async function listOf(directory: string): Promise<Result<List>> {
  try {
    const { freeBytes, sizeBytes } = await diskBelow(directory);
    const unfit = await whyUnfit(directory);
    return ok({ directory, parts: await readParts(directory), freeBytes, sizeBytes, unfit });
  } catch (error) {
    return { ok: false, failure: failureOfSystemCall(error, directory) };
  }
}

/** Adds up what `find` prints while it prints it. A file that went away meanwhile is no failure, a tree that is not there is. */
async function sumOf(
  context: ActionContext,
  find: Parameters<typeof execute>[1],
): Promise<Result<{ filesBytes: number; files: number }>> {
  let filesBytes = 0;
  let files = 0;
  let torn = '';
  const onOutput = (chunk: Uint8Array) => {
    const lines = (torn + Buffer.from(chunk).toString('latin1')).split('\n');
    torn = lines.pop() ?? '';
    for (const line of lines) filesBytes += Number(line);
    files += lines.length;
  };
  const failed = failureOfProgram(await execute(context, find, { onOutput }), context.timeoutMs);
  return failed === undefined ? ok({ filesBytes, files }) : { ok: false, failure: failed };
}

async function numberOf(context: ActionContext, command: Parameters<typeof execute>[1]): Promise<Result<number>> {
  const ran = await executeOk(context, command);
  if (!ran.ok) return ran;
  const text = ran.value.stdout.trim();
  if (/^\d+$/.test(text)) return ok(Number(text));
  return fail('unexpected-output', `psql answered ${JSON.stringify(text.slice(0, 100))}, not a number`);
}
