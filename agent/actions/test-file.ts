// writeTestFile, removeTestFile: a small file to see that synchronization works. Only below the policy's folders, never
// over anything that is there, and removed only while it holds what was written.
import { constants } from 'node:fs';
import { type FileHandle, open, unlink } from 'node:fs/promises';
import { posix } from 'node:path';
import type { AnswerOf } from '../../shared/actions/action.ts';
import { fail, ok, type Result } from '../../shared/failures.ts';
import { openConfinedFolder, pathOfHandle, readStart } from '../platform/confined-path.ts';
import { errorCode, failureOfSystemCall } from '../platform/system-error.ts';
import { type ActionContext, commandsHere, type Run, record } from './context.ts';
import { absentFile, fileState } from './files.ts';

type FileState = Omit<AnswerOf<'readFile'>, 'kind'>;
const contentBytesMax = 16 * 1024;

export const writeTestFile: Run<'writeTestFile'> = async (action, context) => {
  for (const command of commandsHere(action, context)) record(context, command);
  const state = await inFolder(action.path, context, async (folder, name): Promise<Result<FileState>> => {
    const path = `${pathOfHandle(folder)}/${name}`;
    try {
      return await create(path, folder, action, context);
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw error;
      const there = await readExisting(path, action.path, context);
      if (there.content === action.content) return ok(there.state);
      if (isTorn(there.content, action.content)) {
        await unlink(path);
        return await create(path, folder, action, context);
      }
      return fail('conflict', `${action.path} is there already with another content; nothing was changed`);
    }
  });
  return state.ok ? ok({ kind: 'writeTestFile', ...state.value }) : state;
};

export const removeTestFile: Run<'removeTestFile'> = async (action, context) => {
  for (const command of commandsHere(action, context)) record(context, command);
  const state = await inFolder(action.path, context, async (folder, name): Promise<Result<FileState>> => {
    const path = `${pathOfHandle(folder)}/${name}`;
    const there = await readExisting(path, action.path, context);
    if (there.state.exists && there.content !== action.content && !isTorn(there.content, action.content))
      return fail('conflict', `${action.path} holds something else than what was written there; it was not removed`);
    if (there.state.exists) await unlink(path);
    return ok(absentFile(action.path));
  });
  return state.ok ? ok({ kind: 'removeTestFile', ...state.value }) : state;
};

/** Makes the file; throws where there is one. Owner and mode follow the folder's. */
async function create(
  path: string,
  folder: FileHandle,
  wanted: { path: string; content: string },
  context: ActionContext,
): Promise<Result<FileState>> {
  const flags = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
  const file = await open(path, flags, 0o600);
  try {
    const { uid, gid, mode } = await folder.stat();
    await file.writeFile(wanted.content);
    await file.chown(uid, gid);
    await file.chmod(mode & 0o666);
    await file.sync();
    return ok(await fileState(file, wanted.path, context));
  } finally {
    await file.close();
  }
}

/** An attempt that was cut off left the beginning of its content. */
function isTorn(there: string, wanted: string): boolean {
  return there !== wanted && wanted.startsWith(there);
}

async function inFolder(
  path: string,
  context: ActionContext,
  work: (folder: FileHandle, name: string) => Promise<Result<FileState>>,
): Promise<Result<FileState>> {
  const folder = await openConfinedFolder(posix.dirname(path), context.policy.testFilePaths);
  if (!folder.ok) return folder;
  try {
    return await work(folder.value, posix.basename(path));
  } catch (error) {
    return { ok: false, failure: failureOfSystemCall(error, path) };
  } finally {
    await folder.value.close();
  }
}

async function readExisting(
  path: string,
  shownPath: string,
  context: ActionContext,
): Promise<{ state: FileState; content: string }> {
  try {
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      return { state: await fileState(file, shownPath, context), content: await readStart(file, contentBytesMax) };
    } finally {
      await file.close();
    }
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return { state: absentFile(shownPath), content: '' };
    throw error;
  }
}
