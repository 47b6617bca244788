// backUpFiles, backUpDatabase: jobs whose scripts write a part, which gets its name once it is whole.
import { readFile, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type PartName, partFolder } from '../../shared/actions/jobs/places.ts';
import { outputFolder } from '../../shared/actions/jobs/scripts.ts';
import { type Failure, fail, ok, type Result } from '../../shared/failures.ts';
import { formatSize } from '../../shared/units.ts';
import { finishPart } from '../backups/finish-part.ts';
import { measureFolder, unknownPart } from '../backups/parts.ts';
import { removeTree } from '../backups/remove-tree.ts';
import { readRows } from '../backups/rows.ts';
import { failureOfScript } from '../jobs/failures.ts';
import type { Job, JobEnd } from '../jobs/job.ts';
import { printableLines } from '../platform/printable.ts';
import { refusalOfOwner } from '../platform/root-only.ts';
import { errorCode, failureOfSystemCall } from '../platform/system-error.ts';
import { rootOf } from '../policy/permit.ts';
import type { ActionContext } from './context.ts';

const warningsMax = 20;

type At = { directory: string; backup: string; part: PartName };

export const backUpFiles: Job<'backUpFiles'> = {
  name: 'the backup',
  async before(action, context) {
    const own = await isOwnDirectory(action.directory);
    return own.ok ? await areWithin(action, context) : own;
  },
  async measure(action, context) {
    const written = await writtenSoFar(partFolder(action));
    const text = await readFile(join(outputFolder(context.profile, context.key), 'expected'), 'utf8').catch(() => '');
    const expected = Number(text.split(' ')[0]);
    if (written === undefined) return undefined;
    if (!(expected > 0)) return { line: `${formatSize(written)} written` };
    const percent = Math.min(99, (100 * written) / expected);
    return { percent, line: `${formatSize(written)} of ${formatSize(expected)} written` };
  },
  async finish(action, context, job) {
    const at: At = { ...action, part: action.part as PartName };
    const { paths, excludes } = action;
    const made = await finishPart(at, context, async () => {
      const warnings = await warningsOf(context);
      return ok({ paths, excludes, database: '', schemaDigest: '', serverMajor: 0, rows: [], warnings });
    });
    return made.ok ? ok({ kind: 'backUpFiles', ...made.value, job }) : made;
  },
  async fail(action, context, job, found) {
    const at: At = { ...action, part: action.part as PartName };
    return { failure: await unfinished(at, context, job, found), answer: { kind: 'backUpFiles', ...lost(at), job } };
  },
};

export const backUpDatabase: Job<'backUpDatabase'> = {
  name: 'the backup',
  before: (action) => isOwnDirectory(action.directory),
  async measure(action) {
    const written = await writtenSoFar(partFolder({ ...action, part: 'database' }));
    return written === undefined ? undefined : { line: `${formatSize(written)} written` };
  },
  async finish(action, context, job) {
    const made = await finishPart({ ...action, part: 'database' }, context, async (partial) => {
      const rows = await readRows(join(partial, 'rows.json'));
      if (!rows.ok) return rows;
      const serverMajor = Number(await readFile(join(partial, 'major'), 'utf8'));
      const schemaDigest = (await readFile(join(partial, 'schema'), 'utf8')).trim();
      const { database } = action;
      return ok({ paths: [], excludes: [], database, schemaDigest, warnings: [], serverMajor, rows: rows.value });
    });
    return made.ok ? ok({ kind: 'backUpDatabase', ...made.value, job }) : made;
  },
  async fail(action, context, job, found) {
    const at: At = { ...action, part: 'database' };
    return { failure: await unfinished(at, context, job, found), answer: { kind: 'backUpDatabase', ...lost(at), job } };
  },
};

const lost = (at: At) => unknownPart(partFolder(at), at.backup, at.part);

/** Where trees really lie counts, not what their names promise; one that is not there is the script's to tell of. */
async function areWithin(
  { directory, paths }: { directory: string; paths: string[] },
  context: ActionContext,
): Promise<Result<void>> {
  const really = (path: string) => realpath(path).catch(() => path);
  const allowed = await Promise.all((context.policy.backups?.paths ?? []).map(really));
  for (const path of paths) {
    const real = await really(path);
    if (rootOf(await really(directory), [real]) !== undefined)
      return fail('bad-input', `${directory} lies in ${path}: a backup would be backed up into itself`);
    if (rootOf(real, allowed) !== undefined) continue;
    const message = `${path} really is ${real}, outside of backups.paths in ${context.policy.file} on this node`;
    return fail('refused-by-policy', message);
  }
  return ok(undefined);
}

/** What is in the backups' directory is believed and restored: nobody but root may write there. */
export async function isOwnDirectory(directory: string): Promise<Result<void>> {
  try {
    const refusal = refusalOfOwner(directory, await stat(directory));
    return refusal === undefined ? ok(undefined) : { ok: false, failure: refusal };
  } catch (error) {
    return errorCode(error) === 'ENOENT'
      ? ok(undefined)
      : { ok: false, failure: failureOfSystemCall(error, directory) };
  }
}

/** Nothing partial stays in the way, once it is certain that nobody writes there any more. */
async function unfinished(at: At, context: ActionContext, end: JobEnd, found: Failure): Promise<Failure> {
  const told = await failureOfScript(end, found, outputFolder(context.profile, context.key), at.directory);
  if (found.code === 'lost') return told;
  const gone = await removeTree(`${partFolder(at)}.partial`, context.runProgram);
  if (gone.ok) return told;
  return { ...told, message: `${told.message}; what was written is still there: ${gone.failure.message}` };
}

async function writtenSoFar(folder: string): Promise<number | undefined> {
  const measured = await measureFolder(`${folder}.partial`).catch(() => undefined);
  return measured?.bytes;
}

async function warningsOf(context: ActionContext): Promise<string[]> {
  const path = join(outputFolder(context.profile, context.key), 'warnings');
  return printableLines(await readFile(path, 'utf8').catch(() => ''), warningsMax);
}
