// readPorts, readRsync: whether other nodes can be reached from here, as the cluster's own software reaches them.
import { connectWithinMs } from '../../shared/actions/site-commands.ts';
import { ok } from '../../shared/failures.ts';
import { printableLine, printableLines } from '../platform/printable.ts';
import { readGreeting, tryPort } from '../site/try-port.ts';
import { commandsHere, execute, isProgram, type Run, record } from './context.ts';

export const readPorts: Run<'readPorts'> = async (action, context) => {
  for (const command of commandsHere(action, context)) record(context, command);
  const ports = await Promise.all(
    action.targets.map(async ({ address, port }) => ({
      address,
      port,
      ...(await tryPort(address, port, connectWithinMs)),
    })),
  );
  return ok({ kind: 'readPorts', ports });
};

export const readRsync: Run<'readRsync'> = async (action, context) => {
  const [command] = commandsHere(action, context);
  if (command === undefined) throw new Error('readRsync has one command');
  const startedAt = performance.now();
  const found = isProgram(command)
    ? await overSsh(await execute(context, command))
    : await overPort(action.address, action.port, action.transport === 'stunnel');
  if (!isProgram(command)) record(context, command);
  return ok({ kind: 'readRsync', ...found, elapsedMs: Math.round(performance.now() - startedAt) });
};

/** ssh's own words say why: a host that is not known, a key that is not taken, no rsync over there. */
function overSsh({ exitCode, stdout, stderr }: { exitCode: number | undefined; stdout: string; stderr: string }) {
  const version = /^rsync\s+version (\S+)/.exec(stdout)?.[1];
  if (exitCode === 0 && version !== undefined)
    return { reachable: true, encrypted: true, detail: `rsync ${version} over ssh` };
  const said = printableLines(stderr, 20).filter((line) => !/^[@\s]*$/.test(line));
  const cause = said.find((line) => /denied|verification failed|not found|refused|timed out|changed/i.test(line));
  return {
    reachable: false,
    encrypted: true,
    detail: cause ?? said.at(-1) ?? `ssh ended with ${exitCode ?? 'a signal'}`,
  };
}

async function overPort(address: string, port: number, withTls: boolean) {
  const { line, tls, failure } = await readGreeting(address, port, withTls, 2 * connectWithinMs);
  const isRsync = line.startsWith('@RSYNCD:');
  const what = isRsync ? printableLine(line) : failure || `${printableLine(line, 60)} is no rsync daemon`;
  return { reachable: isRsync, encrypted: tls !== '', detail: `${what}${tls === '' ? '' : ` over ${tls}`}` };
}
