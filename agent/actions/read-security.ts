// readSecurity: what decides whether an installer may run here and who may connect: SELinux, fapolicyd, mounts, firewall.
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { AnswerOf } from '../../shared/actions/action.ts';
import { fail, ok } from '../../shared/failures.ts';
import { readDiskOf } from '../platform/mounts.ts';
import { printableLine } from '../platform/printable.ts';
import type { Ran } from '../platform/run-program.ts';
import { failureOfSystemCall } from '../platform/system-error.ts';
import { parseInputChains, parseListeners } from '../site/listeners.ts';
import { type ActionContext, commandsHere, execute, isProgram, type Run, record } from './context.ts';

type Security = AnswerOf<'readSecurity'>;

export const readSecurity: Run<'readSecurity'> = async (action, context) => {
  const commands = commandsHere(action, context);
  for (const command of commands) if (!isProgram(command)) record(context, command);
  const [askUnits, askRules] = commands.filter(isProgram);
  if (askUnits === undefined || askRules === undefined) throw new Error('readSecurity has two programs');
  try {
    const [units, rules, selinux, fapolicyd, places, ...tables] = await Promise.all([
      execute(context, askUnits),
      execute(context, askRules),
      readIfThere('/sys/fs/selinux/enforce'),
      readIfThere('/etc/fapolicyd/fapolicyd.conf'),
      executionPlaces(context),
      readIfThere('/proc/net/tcp'),
      readIfThere('/proc/net/tcp6'),
    ]);
    // It ends with another status where a unit is not active; a line a unit comes all the same.
    const [guard, firewalld, ufw, nftables] = units.stdout.split('\n').map((line) => line.trim() === 'active');
    if (guard === undefined || nftables === undefined)
      return fail('unexpected-output', 'systemctl is-active did not answer for each unit', { evidence: units.stderr });
    return ok({
      kind: 'readSecurity',
      selinux: selinux === undefined ? 'disabled' : selinux.trim() === '1' ? 'enforcing' : 'permissive',
      fapolicyd: guard ? (/^\s*permissive\s*=\s*1/m.test(fapolicyd ?? '') ? 'permissive' : 'enforcing') : 'absent',
      places,
      firewall: [firewalld && 'firewalld', ufw && 'ufw', nftables && 'nftables'].filter(Boolean).join(', '),
      ...rulesOf(rules),
      listeners: parseListeners(
        tables.map((table) => table ?? ''),
        action.ports,
      ),
    });
  } catch (error) {
    return { ok: false, failure: failureOfSystemCall(error, 'a table of the kernel') };
  }
};

/**
 * Without nft there is nothing to list; anything else that goes wrong (a kernel that may load no more modules, more rules than
 * can be taken) is not known to be no firewall, and says nothing of all the rest.
 */
export function rulesOf({
  startError,
  exitCode,
  signal,
  stdout,
  stderr,
}: Pick<Ran, 'startError' | 'exitCode' | 'signal' | 'stdout' | 'stderr'>): Pick<Security, 'chains' | 'rulesUnread'> {
  if (startError !== undefined) return { chains: [], rulesUnread: '' };
  if (exitCode !== 0)
    return {
      chains: [],
      rulesUnread: printableLine(`nft ended with ${exitCode ?? signal ?? 'too much output'}: ${stderr}`),
    };
  try {
    return { chains: parseInputChains(stdout), rulesUnread: '' };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return { chains: [], rulesUnread: 'nft’s answer is not JSON' };
  }
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Where installers are put, and where they unpack themselves; of a folder that is not there yet, the one above it. */
async function executionPlaces(context: ActionContext) {
  return await Promise.all(
    [context.profile.releaseDirectory, '/tmp', '/var/tmp'].map(async (path) => {
      const { mountOptions, mountPoint } = await nearest(path);
      return { path, mountPoint, mayExecute: !mountOptions.includes('noexec') };
    }),
  );
}

async function nearest(path: string): ReturnType<typeof readDiskOf> {
  try {
    return await readDiskOf(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || path === '/') throw error;
    return await nearest(dirname(path));
  }
}
