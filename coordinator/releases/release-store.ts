// Installers as they were uploaded, each known by its SHA-256: a file that is there under its sum is whole. What is being
// uploaded lies beside them and goes away when the upload ends or the coordinator starts.
import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { makePrivateFolder, syncFolder } from '../../shared/durable-file.ts';
import { type Failure, fail, failure, ok, type Result } from '../../shared/failures.ts';
import { releaseNamePattern } from '../../shared/names.ts';
import { releaseVersion } from '../../shared/release-version.ts';
import { formatSize } from '../../shared/units.ts';
import type { Store } from '../bus/store.ts';

export interface ReleaseRecord {
  name: string;
  sha256: string;
  sizeBytes: number;
  /** Read from its name; empty when the name has none. */
  version: string;
}

export interface Upload {
  name: string;
  sha256: string;
  sizeBytes: number;
  data: AsyncIterable<Uint8Array>;
}

export interface ReleaseStore {
  /** Stores a file under its sum; what is there already is not read once more, its newest name counts. */
  add(upload: Upload): Promise<Result<ReleaseRecord>>;
  get(sha256: string): Promise<Result<ReleaseRecord>>;
  /** The stored file, opened for reading; the caller closes it. */
  open(sha256: string): Promise<Result<{ file: FileHandle; sizeBytes: number }>>;
}

const sumPattern = /^[0-9a-f]{64}$/;
const unfinished = '.part';

export async function openReleaseStore(
  directory: string,
  records: Store<ReleaseRecord>,
  sizeBytesMax: number,
): Promise<Result<ReleaseStore>> {
  await makePrivateFolder(directory);
  for (const name of await readdir(directory)) if (name.endsWith(unfinished)) await rm(join(directory, name));

  const receive = async ({ sha256, sizeBytes, data }: Upload, file: FileHandle): Promise<Result<void>> => {
    const sum = createHash('sha256');
    let received = 0;
    for await (const chunk of data) {
      received += chunk.length;
      if (received > sizeBytes)
        return fail('bad-input', `more than the announced ${sizeBytes} bytes came; is the file being written to?`);
      sum.update(chunk);
      for (let at = 0; at < chunk.length; ) at += (await file.write(chunk, at)).bytesWritten;
    }
    if (received < sizeBytes)
      return fail('bad-input', `the upload ended after ${received} of ${sizeBytes} bytes; upload it again`);
    const found = sum.digest('hex');
    if (found !== sha256) return fail('checksum-mismatch', `what came has SHA-256 ${found}, announced was ${sha256}`);
    await file.sync();
    return ok(undefined);
  };

  const record = async ({ name, sha256, sizeBytes }: Upload): Promise<Result<ReleaseRecord>> => {
    const release = { name, sha256, sizeBytes, version: releaseVersion(name) ?? '' };
    const stored = await records.put(sha256, release);
    return stored.ok ? ok(release) : stored;
  };

  return ok({
    async add(upload) {
      const wrong = faultOf(upload, sizeBytesMax);
      if (wrong) return { ok: false, failure: wrong };
      const { name, sha256, sizeBytes } = upload;
      const path = join(directory, sha256);
      if (await isWhole(path, sha256, sizeBytes)) return record(upload);
      const temporary = join(directory, `${randomUUID()}${unfinished}`);
      try {
        const file = await open(temporary, 'wx', 0o600);
        let received: Result<void>;
        try {
          received = await receive(upload, file);
        } finally {
          await file.close();
        }
        if (!received.ok) return received;
        await rename(temporary, path);
        await syncFolder(directory);
      } catch (error) {
        return { ok: false, failure: diskFailure(error, name) };
      } finally {
        await rm(temporary, { force: true });
      }
      return record(upload);
    },

    async get(sha256) {
      const missing = fail('not-found', `no installer with SHA-256 ${sha256} is stored; upload it with: baton stage`);
      if (!sumPattern.test(sha256)) return missing;
      const stored = await records.get(sha256);
      if (!stored.ok) return stored;
      const isThere = await stat(join(directory, sha256)).then(
        () => true,
        () => false,
      );
      return stored.value && isThere ? ok(stored.value.value) : missing;
    },

    async open(sha256) {
      if (!sumPattern.test(sha256)) return fail('bad-input', `${JSON.stringify(sha256)} is no SHA-256`);
      const stored = await records.get(sha256);
      if (!stored.ok) return stored;
      const missing = (evidence: string) =>
        fail(
          'not-found',
          `no installer with SHA-256 ${sha256} is stored whole at this coordinator; \`baton stage\` uploads it again, also while a run holds the cluster`,
          { evidence },
        );
      let file: FileHandle;
      try {
        file = await open(join(directory, sha256), 'r');
      } catch (error) {
        return missing((error as Error).message);
      }
      const { size } = await file.stat();
      // Its sum is compared where it arrives; of a shorter one that node would wait for the rest.
      const wantedBytes = stored.value?.value.sizeBytes ?? size;
      if (size === wantedBytes) return ok({ file, sizeBytes: size });
      await file.close();
      return missing(`${formatSize(size)} of ${formatSize(wantedBytes)} are there`);
    },
  });
}

function faultOf({ name, sha256, sizeBytes }: Upload, sizeBytesMax: number): Failure | undefined {
  if (!releaseNamePattern.test(name))
    return failure(
      'bad-input',
      `${JSON.stringify(name)} is no plain file name of at most 200 letters, digits, '.', '_' and '-'`,
    );
  if (!sumPattern.test(sha256)) return failure('bad-input', `${JSON.stringify(sha256)} is no SHA-256`);
  if (!Number.isSafeInteger(sizeBytes) || sizeBytes <= 0) return failure('bad-input', `${name} is empty`);
  if (sizeBytes > sizeBytesMax)
    return failure(
      'bad-input',
      `${name} is ${formatSize(sizeBytes)}, more than ${formatSize(sizeBytesMax)} (releases.sizeMax in coordinator.yaml)`,
    );
  return undefined;
}

/** Read through and summed, so that a file which the disk has damaged is uploaded again. */
async function isWhole(path: string, sha256: string, sizeBytes: number): Promise<boolean> {
  try {
    if ((await stat(path)).size !== sizeBytes) return false;
    const sum = createHash('sha256');
    for await (const chunk of createReadStream(path)) sum.update(chunk as Buffer);
    return sum.digest('hex') === sha256;
  } catch {
    return false;
  }
}

function diskFailure(error: unknown, name: string): Failure {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return failure('no-space', `${name}: the coordinator's disk is full; free space in its state directory`);
  if (code === undefined) throw error;
  return failure('internal', `${name} cannot be stored: ${message}`);
}
