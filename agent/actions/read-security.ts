// readSecurity: what decides whether an installer may run here and who may connect: SELinux, fapolicyd, mounts, firewall.
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fail, ok } from '../../shared/failures.ts';
import { readDiskOf } from '../platform/mounts.ts';
import { failureOfSystemCall } from '../platform/system-error.ts';
import { parseInputChains, parseListeners } from '../site/listeners.ts';
import { type ActionContext, commandsHere, execute, isProgram, type Run, record } from './context.ts';

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
    // Without nft there is nothing to list; anything else that goes wrong is not known to be no firewall.
    const hasTool = rules.startError === undefined;
    if (hasTool && rules.exitCode !== 0)
      return fail('command-failed', `nft ended with ${rules.exitCode ?? rules.signal}`, { evidence: rules.stderr });
    return ok({
      kind: 'readSecurity',
      selinux: selinux === undefined ? 'disabled' : selinux.trim() === '1' ? 'enforcing' : 'permissive',
      fapolicyd: guard ? (/^\s*permissive\s*=\s*1/m.test(fapolicyd ?? '') ? 'permissive' : 'enforcing') : 'absent',
      places,
      firewall: [firewalld && 'firewalld', ufw && 'ufw', nftables && 'nftables'].filter(Boolean).join(', '),
      chains: hasTool ? parseInputChains(rules.stdout) : [],
      listeners: parseListeners(
        tables.map((table) => table ?? ''),
        action.ports,
      ),
    });
  } catch (error) {
    if (error instanceof SyntaxError) return fail('unexpected-output', `nft’s answer is not JSON: ${error.message}`);
    return { ok: false, failure: failureOfSystemCall(error, 'a table of the kernel') };
  }
};

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
