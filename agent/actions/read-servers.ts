// readServers, compareServer: the PostgreSQL servers of this node, and whether the one in service is as one was before.
import { readFile } from 'node:fs/promises';
import { jobExits } from '../../shared/actions/jobs/job.ts';
import { recordFolder } from '../../shared/actions/jobs/server-facts.ts';
import { type Failure, failure, ok, type Result } from '../../shared/failures.ts';
import { printableLines } from '../platform/printable.ts';
import { failureOfProgram, type Ran } from '../platform/run-program.ts';
import { failureOfSystemCall } from '../platform/system-error.ts';
import { compareFacts } from '../servers/compare.ts';
import { parseServers, type ServerList } from '../servers/servers.ts';
import { type ActionContext, commandsHere, execute, lastProgram, type Run } from './context.ts';

export const readServers: Run<'readServers'> = async (_action, context) => {
  const read = await serversHere(context);
  return read.ok ? ok({ kind: 'readServers', ...read.value }) : read;
};

/** Also what every job that changes servers answers. */
export async function serversHere(context: ActionContext): Promise<Result<ServerList>> {
  const ran = await execute(context, lastProgram(commandsHere({ kind: 'readServers' }, context)));
  const failed = failureOfScriptHere(ran, context);
  return failed === undefined ? parseServers(ran.stdout) : { ok: false, failure: failed };
}

export const compareServer: Run<'compareServer'> = async (action, context) => {
  const ran = await execute(context, lastProgram(commandsHere(action, context)));
  const failed = failureOfScriptHere(ran, context);
  if (failed !== undefined) return { ok: false, failure: failed };
  const file = `${recordFolder(context.profile, action.record)}/facts`;
  try {
    const record = await readFile(file, 'utf8');
    return ok({ kind: 'compareServer', ...compareFacts(record, ran.stdout, action.withoutContent === true) });
  } catch (error) {
    return { ok: false, failure: failureOfSystemCall(error, file) };
  }
};

/** As jobs/failures.ts does of jobs: by exit status; the last line is the reason. */
function failureOfScriptHere(ran: Ran, context: ActionContext): Failure | undefined {
  const said = printableLines(ran.stderr, 1)[0] ?? '';
  if (ran.exitCode === jobExits.missing) return failure('not-found', said);
  if (ran.exitCode === jobExits.notInState) return failure('not-in-state', said);
  return failureOfProgram(ran, context.timeoutMs);
}
