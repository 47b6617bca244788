// The installer as a local file: looked at before anything else, summed, and read again while it is uploaded.
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { access, constants, realpath, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { fail, ok, type Result } from '../../../shared/failures.ts';
import { releaseNamePattern } from '../../../shared/names.ts';
import { contradictsName, isVersion, releaseVersion } from '../../../shared/release-version.ts';
import { formatSize } from '../../../shared/units.ts';
import type { UploadPart } from '../client.ts';
import type { Io } from '../io.ts';
import { transferBar } from '../transfer-bar.ts';

export interface ReleaseFile {
  path: string;
  name: string;
  sha256: string;
  sizeBytes: number;
}

const chunkBytes = 256 * 1024;

/** The target version as typed; `bad-input` unless it is major.minor.patch. */
export function versionArgument(text: string): Result<string> {
  return isVersion(text) ? ok(text) : fail('bad-input', `--to ${text}: must be a version such as 8.7.0`);
}

/** What plans know of an installer: never where it lies on the operator's machine. */
export function identityOf({ name, sha256, sizeBytes }: ReleaseFile) {
  return { name, sha256, sizeBytes };
}

/** The installer with its sum, told as it is read where somebody looks on. */
export async function readRelease(
  io: Io,
  path: string,
  expected: Parameters<typeof releaseFile>[1],
): Promise<Result<ReleaseFile>> {
  if (!io.canDraw) return await releaseFile(path, expected);
  const progress = transferBar(io, 'reading the installer');
  try {
    return await releaseFile(path, expected, progress.tell);
  } finally {
    progress.end();
  }
}

/** The installer with its sum; `bad-input` or `checksum-mismatch` when it cannot be the one that is meant. */
export async function releaseFile(
  path: string,
  expected: { sha256?: string | undefined; version?: string | undefined; option?: string },
  onProgress: (doneBytes: number, sizeBytes: number) => void = () => {},
): Promise<Result<ReleaseFile>> {
  if (expected.sha256 !== undefined && !/^[0-9a-f]{64}$/i.test(expected.sha256))
    return fail('bad-input', `--sha256 ${expected.sha256}: must be 64 hexadecimal digits; sha256sum prints them`);
  const { option = '--installer' } = expected;
  const name = basename(path);
  if (expected.version !== undefined && contradictsName(name, expected.version))
    return fail(
      'bad-input',
      `--to ${expected.version} contradicts the installer's name: ${name} is ${releaseVersion(name) ?? 'another version'}`,
    );
  if (!releaseNamePattern.test(name))
    return fail(
      'bad-input',
      `${option} ${path}: the file's name may have letters, digits, . _ and - only, at most 200`,
    );
  let sizeBytes: number;
  try {
    const found = await stat(await realpath(path));
    if (!found.isFile()) return fail('bad-input', `${option} ${path}: not a regular file`);
    if (found.size === 0) return fail('bad-input', `${option} ${path}: the file is empty`);
    await access(path, constants.R_OK);
    sizeBytes = found.size;
  } catch (error) {
    return fail('bad-input', `${option} ${path}: ${reason(error)}`);
  }
  const hash = createHash('sha256');
  let doneBytes = 0;
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) {
      hash.update(chunk as Buffer);
      doneBytes += (chunk as Buffer).length;
      onProgress(doneBytes, sizeBytes);
    }
  } catch (error) {
    return fail('bad-input', `${option} ${path}: ${reason(error)}`);
  }
  if (doneBytes !== sizeBytes)
    return fail('bad-input', `${option} ${path}: it changed while it was read; is it still being copied?`);
  const sha256 = hash.digest('hex');
  if (expected.sha256 !== undefined && expected.sha256.toLowerCase() !== sha256)
    return fail(
      'checksum-mismatch',
      `${option} ${path}: its SHA-256 is ${sha256}, not ${expected.sha256.toLowerCase()} (${formatSize(sizeBytes)}); download it again`,
    );
  return ok({ path, name, sha256, sizeBytes });
}

/** The upload's messages: first what the file is, then its bytes. */
export async function* uploadParts(
  release: ReleaseFile,
  onProgress: (doneBytes: number, sizeBytes: number) => void,
): AsyncGenerator<UploadPart> {
  yield { name: release.name, sha256: release.sha256, sizeBytes: release.sizeBytes };
  let doneBytes = 0;
  for await (const chunk of createReadStream(release.path, { highWaterMark: chunkBytes })) {
    yield { data: chunk as Buffer };
    doneBytes += (chunk as Buffer).length;
    onProgress(doneBytes, release.sizeBytes);
  }
}

function reason(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  const words: Record<string, string> = {
    ENOENT: 'there is no such file',
    EACCES: 'it cannot be read: permission denied',
    ELOOP: 'too many symbolic links',
  };
  return words[code ?? ''] ?? message;
}
