// readRelease, stageRelease, makeExecutable: an installer in the agent's private folder, known by its SHA-256.
import { createHash } from 'node:crypto';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { AnswerOf } from '../../shared/actions/action.ts';
import { releasePath } from '../../shared/actions/commands.ts';
import { makePrivateFolder, syncFolder } from '../../shared/durable-file.ts';
import { fail, failure, ok, type Result } from '../../shared/failures.ts';
import { formatSize } from '../../shared/units.ts';
import { readDiskOf } from '../platform/mounts.ts';
import { errorCode, failureOfSystemCall } from '../platform/system-error.ts';
import { type ActionContext, commandsHere, executeOk, lastProgram, leftMs, type Run, record } from './context.ts';
import { FetchBroken } from './fetch-broken.ts';

/** What must stay free beside the installer. */
const spareBytes = 64 * 1024 * 1024;
const retryMs = 1000;

type ReleaseState = Omit<AnswerOf<'readRelease'>, 'kind'>;
type Named = { name: string; sha256: string };

export const readRelease: Run<'readRelease'> = async (action, context) => {
  for (const command of commandsHere(action, context)) record(context, command);
  const state = await releaseState(action, context);
  return state.ok ? ok({ kind: 'readRelease', ...state.value }) : state;
};

export const stageRelease: Run<'stageRelease'> = async (action, context) => {
  for (const command of commandsHere(action, context)) record(context, command);
  const before = await releaseState(action, context);
  if (!before.ok) return before;
  if (before.value.staged) return ok({ kind: 'stageRelease', ...before.value });

  const path = releasePath(context.profile, action.name, action.sha256);
  try {
    await makePrivateFolder(dirname(path));
    const fetched = await fetchInto(`${path}.part`, action, context);
    if (!fetched.ok) return fetched;
    await rename(`${path}.part`, path);
    await syncFolder(dirname(path));
  } catch (error) {
    return { ok: false, failure: failureOfSystemCall(error, path) };
  }
  const after = await releaseState(action, context);
  if (!after.ok) return after;
  return after.value.staged ? ok({ kind: 'stageRelease', ...after.value }) : notStaged(path, after.value);
};

export const makeExecutable: Run<'makeExecutable'> = async (action, context) => {
  const commands = commandsHere(action, context);
  if (commands[0] !== undefined) record(context, commands[0]);
  const before = await releaseState(action, context);
  if (!before.ok) return before;
  const path = releasePath(context.profile, action.name, action.sha256);
  if (!before.value.staged) return notStaged(path, before.value);
  const ran = await executeOk(context, lastProgram(commands));
  if (!ran.ok) return ran;
  const after = await releaseState(action, context);
  if (!after.ok) return after;
  if (!after.value.executable) return fail('not-in-state', `${path} is still not executable`);
  return ok({ kind: 'makeExecutable', ...after.value });
};

/** Fetches what is missing of a file, as often as the link breaks, until it is whole and has the right sum. */
async function fetchInto(
  part: string,
  wanted: Named & { sizeBytes: number },
  context: ActionContext,
): Promise<Result<void>> {
  const { freeBytes } = await readDiskOf(dirname(part));
  const file = await open(part, 'a+', 0o600);
  try {
    const missingBytes = wanted.sizeBytes - (await file.stat()).size;
    if (missingBytes + spareBytes > freeBytes)
      return fail(
        'no-space',
        `${dirname(part)}: ${formatSize(freeBytes)} free, ${formatSize(missingBytes + spareBytes)} needed`,
      );
    for (;;) {
      const broken = await fetchOnce(file, wanted, context);
      if (broken === undefined) break;
      if (!broken.retryable || context.signal.aborted || leftMs(context) <= retryMs)
        return { ok: false, failure: broken };
      context.log.info('fetching goes on later', { name: wanted.name, reason: broken.message });
      await context.clock.sleep(retryMs, context.signal);
    }
    await file.sync();
    const sum = await sha256Of(file);
    if (sum === wanted.sha256) return ok(undefined);
    await rm(part, { force: true });
    return fail(
      'checksum-mismatch',
      `${wanted.name} arrived with SHA-256 ${sum}, not ${wanted.sha256}; it was thrown away`,
    );
  } finally {
    await file.close();
  }
}

/** Appends what the coordinator sends; the failure with which it broke off, or undefined when the file is whole. */
async function fetchOnce(file: FileHandle, wanted: Named & { sizeBytes: number }, context: ActionContext) {
  let { size } = await file.stat();
  if (size > wanted.sizeBytes) {
    await file.truncate(0);
    size = 0;
  }
  if (size === wanted.sizeBytes) return undefined;
  const signal = AbortSignal.any([context.signal, AbortSignal.timeout(Math.ceil(leftMs(context)))]);
  try {
    for await (const data of context.fetchRelease(wanted.sha256, size, signal)) {
      if (size + data.length > wanted.sizeBytes)
        return failure(
          'checksum-mismatch',
          `${wanted.name} is longer than the ${wanted.sizeBytes} bytes that were announced`,
        );
      await file.appendFile(data);
      size += data.length;
      context.progress({
        percent: (100 * size) / wanted.sizeBytes,
        line: `${formatSize(size)} fetched`,
        outputBytes: size,
      });
    }
  } catch (error) {
    if (error instanceof FetchBroken) return error.failure;
    throw error;
  }
  if (size === wanted.sizeBytes) return undefined;
  return failure('unreachable', `${wanted.name}: ${size} of ${wanted.sizeBytes} bytes came`, { retryable: true });
}

/** What lies at a release's place, with its sum computed now. */
export async function releaseState(wanted: Named, context: ActionContext): Promise<Result<ReleaseState>> {
  const path = releasePath(context.profile, wanted.name, wanted.sha256);
  try {
    const disk = await readDiskOf(context.profile.releaseDirectory);
    const place = { path, mayExecute: !disk.mountOptions.includes('noexec'), freeBytes: disk.freeBytes };
    let file: FileHandle;
    try {
      file = await open(path, 'r');
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') throw error;
      return ok({ ...place, staged: false, sha256: '', sizeBytes: 0, executable: false });
    }
    try {
      const { size, mode } = await file.stat();
      const sha256 = await sha256Of(file);
      return ok({
        ...place,
        staged: sha256 === wanted.sha256,
        sha256,
        sizeBytes: size,
        executable: (mode & 0o100) !== 0,
      });
    } finally {
      await file.close();
    }
  } catch (error) {
    return { ok: false, failure: failureOfSystemCall(error, path) };
  }
}

/** The sum of an open file, whatever its name leads to by now. */
export async function sha256Of(file: FileHandle): Promise<string> {
  const sum = createHash('sha256');
  for await (const chunk of file.createReadStream({ start: 0, autoClose: false, highWaterMark: 1024 * 1024 }))
    sum.update(chunk as Uint8Array);
  return sum.digest('hex');
}

export function notStaged(path: string, state: ReleaseState): Result<never> {
  return state.sha256 === ''
    ? fail('not-found', `${path} is not staged on this node; stage it first`)
    : fail(
        'checksum-mismatch',
        `${path} has SHA-256 ${state.sha256}, which is not the one that was named; stage it again`,
      );
}
