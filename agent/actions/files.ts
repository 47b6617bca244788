// readFile, readVersion, countFiles: looking at files below the policy's folders.
import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import type { AnswerOf } from '../../shared/actions/action.ts';
import { fail, ok } from '../../shared/failures.ts';
import { openConfined, openConfinedFolder, readStart } from '../platform/confined-path.ts';
import { findFirst } from '../platform/pattern.ts';
import { failureOfProgram, runProgram } from '../platform/run-program.ts';
import { type ActionContext, commandsHere, execute, lastProgram, type Run, record } from './context.ts';

const hashedBytesMax = 16 * 1024 * 1024;
const versionBytesMax = 64 * 1024;

type FileState = Omit<AnswerOf<'readFile'>, 'kind'>;

export const absentFile = (path: string): FileState => ({
  path,
  exists: false,
  sizeBytes: 0,
  sha256: '',
  owner: '',
  mode: '',
});

export const readFile: Run<'readFile'> = async (action, context) => {
  for (const command of commandsHere(action, context)) record(context, command);
  const opened = await openConfined(action.path, context.policy.paths);
  if (!opened.ok)
    return opened.failure.code === 'not-found' ? ok({ kind: 'readFile', ...absentFile(action.path) }) : opened;
  try {
    return ok({ kind: 'readFile', ...(await fileState(opened.value, action.path, context)) });
  } finally {
    await opened.value.close();
  }
};

/** Size, sum, owner and mode of an open file. */
export async function fileState(handle: FileHandle, path: string, context: ActionContext): Promise<FileState> {
  const found = await handle.stat();
  const sum = createHash('sha256');
  if (found.isFile() && found.size <= hashedBytesMax) {
    for await (const chunk of handle.createReadStream({ start: 0, autoClose: false })) sum.update(chunk as Uint8Array);
  }
  return {
    path,
    exists: true,
    sizeBytes: found.size,
    sha256: found.isFile() && found.size <= hashedBytesMax ? sum.digest('hex') : '',
    owner: await ownerName(found.uid, found.gid, context),
    mode: (found.mode & 0o7777).toString(8).padStart(4, '0'),
  };
}

export const readVersion: Run<'readVersion'> = async (action, context) => {
  for (const command of commandsHere(action, context)) record(context, command);
  const opened = await openConfined(action.file, context.policy.paths);
  if (!opened.ok) return opened;
  try {
    const text = await readStart(opened.value, versionBytesMax);
    const found = findFirst(action.pattern, text, 'm');
    if (!found.ok) return found;
    if (found.value === undefined)
      return fail('unexpected-output', `${action.file} holds nothing that matches ${action.pattern}`, {
        evidence: text.slice(0, 1024),
      });
    return ok({ kind: 'readVersion', version: found.value.text.slice(0, 100) });
  } finally {
    await opened.value.close();
  }
};

export const countFiles: Run<'countFiles'> = async (action, context) => {
  const folder = await openConfinedFolder(action.root, context.policy.paths);
  if (!folder.ok) return folder;
  await folder.value.close();
  let files = 0;
  const ran = await execute(context, lastProgram(commandsHere(action, context)), {
    onOutput: (chunk) => {
      files += chunk.length;
    },
  });
  const failed = failureOfProgram(ran, context.timeoutMs);
  return failed === undefined ? ok({ kind: 'countFiles', files }) : { ok: false, failure: failed };
};

/** `user:group`, in numbers where they have no names. Names may come from a directory service: only getent knows all. */
async function ownerName(uid: number, gid: number, context: ActionContext): Promise<string> {
  const [user, group] = await Promise.all([lookUp('passwd', uid, context), lookUp('group', gid, context)]);
  return `${user}:${group}`;
}

async function lookUp(database: string, id: number, context: ActionContext): Promise<string> {
  if (id === 0) return 'root';
  const ran = await runProgram(['getent', database, String(id)], { timeoutMs: 2000, signal: context.signal });
  return ran.stdout.split(':')[0] || String(id);
}
