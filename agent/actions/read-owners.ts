// readOwners, readUnitFiles: who owns what below a folder, and the files that make a unit what it is.
import type { AnswerOf } from '../../shared/actions/action.ts';
import { statFiles } from '../../shared/actions/site-commands.ts';
import { fail, ok } from '../../shared/failures.ts';
import { openConfinedFolder } from '../platform/confined-path.ts';
import { failureOfProgram } from '../platform/run-program.ts';
import { parseProperties } from '../platform/unit-states.ts';
import { createOwnerCount } from '../site/count-owners.ts';
import { commandsHere, execute, executeOk, isProgram, lastProgram, type Run, record } from './context.ts';

export const readOwners: Run<'readOwners'> = async (action, context) => {
  const folder = await openConfinedFolder(action.root, context.policy.paths);
  if (!folder.ok) return folder;
  await folder.value.close();
  const count = createOwnerCount(action.entries);
  const enough = new AbortController();
  const ran = await execute(context, lastProgram(commandsHere(action, context)), {
    onOutput: (chunk) => {
      count.add(chunk);
      if (count.isFull()) enough.abort();
    },
    signal: AbortSignal.any([context.signal, enough.signal]),
  });
  const failed = count.isFull() ? undefined : failureOfProgram(ran, context.timeoutMs);
  if (failed !== undefined) return { ok: false, failure: failed };
  const counted = count.counted();
  if (counted.owner === '') return fail('unexpected-output', `find told nothing of ${action.root} itself`);
  return ok({ kind: 'readOwners', ...counted });
};

type UnitFile = AnswerOf<'readUnitFiles'>['files'][number];

export const readUnitFiles: Run<'readUnitFiles'> = async (action, context) => {
  const [show, look] = commandsHere(action, context);
  if (!isProgram(show) || look === undefined) throw new Error('readUnitFiles has two commands');
  const shown = await executeOk(context, show);
  if (!shown.ok) return shown;
  const named = filesOfUnits(action.units, shown.value.stdout);
  if (named.length === 0) return ok({ kind: 'readUnitFiles', files: [] });
  record(context, look);
  // Ends with 1 where one is gone, such as a program that is not installed: that one is left out.
  const ran = await execute(context, { by: 'program', argv: statFiles(named.map(({ path }) => path)) });
  if (ran.stdout === '')
    return fail('unexpected-output', 'stat told nothing of the units’ files', { evidence: ran.stderr });
  const told = new Map(
    ran.stdout.split('\n').flatMap((line) => {
      const [, owner, mode, type, path] = /^([^:]+:[^:]+) ([0-7]+) ([^:]+):(.*)$/.exec(line) ?? [];
      // A masked unit is a link to /dev/null.
      return path === undefined || type?.startsWith('regular') !== true
        ? []
        : [[path, { owner: owner ?? '', mode: mode ?? '' }]];
    }),
  );
  const files = named.flatMap(({ path, ...file }): UnitFile[] => {
    const of = told.get(path);
    return of === undefined ? [] : [{ ...file, path, owner: of.owner, mode: of.mode.padStart(4, '0') }];
  });
  return ok({ kind: 'readUnitFiles', files });
};

/** The files that `systemctl show` names: the unit's own, its drop-ins, the program that it starts. */
export function filesOfUnits(units: readonly string[], output: string): { unit: string; path: string; kind: string }[] {
  return parseProperties(output).flatMap((properties, index) => {
    const unit = units[index] ?? properties.get('Id') ?? '';
    const of = (name: string) => properties.get(name) ?? '';
    const program = /\bpath=(\/\S*) ;/.exec(of('ExecStart'))?.[1];
    return [
      ...(of('FragmentPath') === '' ? [] : [{ unit, path: of('FragmentPath'), kind: 'unit' }]),
      ...of('DropInPaths')
        .split(' ')
        .filter((path) => path !== '')
        .map((path) => ({ unit, path, kind: 'drop-in' })),
      ...(program === undefined ? [] : [{ unit, path: program, kind: 'program' }]),
    ];
  });
}
