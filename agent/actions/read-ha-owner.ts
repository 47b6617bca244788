// readHaOwner: who owns the folder of the HA scripts, and what sudo lets that user do.
import { stat } from 'node:fs/promises';
import { statFiles, sudoRights } from '../../shared/actions/site-commands.ts';
import { fail, ok } from '../../shared/failures.ts';
import { printableLine } from '../platform/printable.ts';
import { failureOfSystemCall } from '../platform/system-error.ts';
import { parseSudoRights } from '../site/sudo-rights.ts';
import { commandsHere, execute, executeOk, type Run, record } from './context.ts';

export const readHaOwner: Run<'readHaOwner'> = async (action, context) => {
  for (const command of commandsHere(action, context)) record(context, command);
  const directory = context.profile.haDirectory;
  const nothing = { maySome: false, mayAll: false, withoutPassword: false, detail: '' };
  try {
    await stat(directory);
  } catch (error) {
    const failed = failureOfSystemCall(error, directory);
    if (failed.code !== 'not-found') return { ok: false, failure: failed };
    return ok({ kind: 'readHaOwner', directory, exists: false, owner: '', mode: '', ...nothing });
  }
  const looked = await executeOk(context, { by: 'program', argv: statFiles([directory]) });
  if (!looked.ok) return looked;
  const [, user, group, mode] = /^([^:\n]+):([^:\n]+) ([0-7]+) /.exec(looked.value.stdout) ?? [];
  if (user === undefined || mode === undefined)
    return fail('unexpected-output', `stat said nothing of ${directory}’s owner`, { evidence: looked.value.stdout });
  const found = { directory, exists: true, owner: `${user}:${group}`, mode: mode.padStart(4, '0') };
  if (user === 'root')
    return ok({
      ...{ kind: 'readHaOwner', ...found, maySome: true, mayAll: true, withoutPassword: true },
      detail: 'root itself',
    });
  if (user === 'UNKNOWN')
    return ok({ kind: 'readHaOwner', ...found, ...nothing, detail: 'the owner is no user of this node' });
  const ran = await execute(context, { by: 'program', argv: sudoRights(user) });
  if (ran.startError !== undefined)
    return ok({ kind: 'readHaOwner', ...found, ...nothing, detail: 'sudo is not installed' });
  if (ran.timedOut) return fail('timeout', `sudo -l -U ${user} did not end`, { retryable: true });
  // It ends with 1 where the user may do nothing: what it says then is the detail.
  const { detail, ...rights } = parseSudoRights(ran.stdout === '' ? ran.stderr : ran.stdout);
  return ok({ kind: 'readHaOwner', ...found, ...rights, detail: printableLine(detail) });
};
