// readPackages: what the node's package manager says is installed, and which programs are where they are looked for.
import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import type { AnswerOf } from '../../shared/actions/action.ts';
import { fail, ok } from '../../shared/failures.ts';
import { searchPath } from '../platform/run-program.ts';
import { commandsHere, execute, isProgram, type Run, record } from './context.ts';

type Packages = AnswerOf<'readPackages'>['packages'];

export const readPackages: Run<'readPackages'> = async (action, context) => {
  let packages: Packages = [];
  for (const command of commandsHere(action, context)) {
    if (!isProgram(command)) {
      record(context, command);
      continue;
    }
    // Ends with 1 where one of them is not known; what it lists then is still right.
    const ran = await execute(context, command);
    if (ran.exitCode !== 0 && ran.exitCode !== 1 && ran.startError === undefined && ran.stdout === '')
      return fail('command-failed', `${ran.program} ended with ${ran.exitCode ?? ran.signal}`, {
        evidence: ran.stderr,
      });
    if (ran.startError !== undefined)
      return fail('not-found', `${ran.program} cannot be started: ${ran.startError}`, { evidence: ran.stderr });
    packages = parsePackages(action.packages, ran.stdout);
  }
  const programs = await Promise.all(action.programs.map(async (name) => ({ name, path: await findProgram(name) })));
  return ok({ kind: 'readPackages', packages, programs });
};

/** The version of each asked package from lines `installed NAME VERSION`; a removed one whose settings are left is none. */
export function parsePackages(asked: readonly string[], output: string): Packages {
  const installed = new Map<string, string>();
  for (const line of output.split('\n')) {
    const [status, name, version] = line.split(' ');
    if (status === 'installed' && name !== undefined && version !== undefined) installed.set(name, version);
  }
  return asked.map((name) => ({ name, version: installed.get(name) ?? '' }));
}

/** Where a program lies; empty where it is in none of the folders in which the agent looks. */
async function findProgram(name: string): Promise<string> {
  for (const folder of searchPath.split(':')) {
    const path = `${folder}/${name}`;
    try {
      await access(path, constants.X_OK);
      if ((await stat(path)).isFile()) return path;
    } catch {
      // Not there, or not to be executed: the next folder may have it.
    }
  }
  return '';
}
