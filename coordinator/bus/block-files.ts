// A look through the store's block files before nats-server opens them. Its checksums leave out one field, the length of a
// record's headers: one flipped bit there crashes the server whenever it reads the record, at every start again. Such a
// record and what follows in its block is cut off, as the server itself does with damage that it finds, after the whole
// block was copied aside. Finding out what is missing then is the readers' task; where they could not, nothing is cut.
import { copyFile, open, readdir, readFile, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { makePrivateFolder, syncFolder } from '../../shared/durable-file.ts';
import { fail, ok, type Result } from '../../shared/failures.ts';

/** Of a record: length, sequence, time, length of the subject; and at its end the checksum. */
const headBytes = 22;
const checksumBytes = 8;
const hasHeaders = 0x8000_0000;

export interface CutBlock {
  stream: string;
  /** Where the block lies as it was. */
  copy: string;
}

/** Without an entry of it a revoked certificate would be good again, and no reader would miss it. */
const revocations = 'KV_revoked';

/**
 * Cuts what would crash the server. Only while nobody has the store open. Fails with `damaged` where the table of
 * revocations would be cut, with `no-space` where there is no room for a copy; a block without a copy is as it was.
 */
export async function cutDamagedBlocks(storeDirectory: string): Promise<Result<CutBlock[]>> {
  const cut: CutBlock[] = [];
  const files = await readdir(join(storeDirectory, 'streams'), { recursive: true }).catch(() => []);
  for (const file of files.filter((name) => name.endsWith('.blk')).sort()) {
    const path = join(storeDirectory, 'streams', file);
    const at = firstDamage(await readFile(path));
    if (at === undefined) continue;
    const stream = basename(dirname(dirname(path)));
    if (stream === revocations)
      return fail(
        'damaged',
        `${path}: the table of revoked certificates is damaged, and cut off there it could let a revoked node in again; this coordinator does not start. Restore its store from a backup. Without one: keep a copy of the store, move this file away, start, and revoke every node again that baton node list calls revoked`,
      );
    const aside = join(storeDirectory, 'damaged');
    const copy = join(aside, `${stream}-${basename(path)}-${at}`);
    const copied = await copyDurably(path, aside, copy);
    if (!copied.ok) return copied;
    const block = await open(path, 'r+');
    await block.truncate(at);
    await block.sync();
    await block.close();
    cut.push({ stream, copy });
  }
  return ok(cut);
}

/** On disk with its name when this returns: the original is cut then, and a power cut must not lose both. */
async function copyDurably(path: string, folder: string, copy: string): Promise<Result<void>> {
  try {
    await makePrivateFolder(folder);
    await copyFile(path, copy);
    const file = await open(copy, 'r');
    await file.sync().finally(() => file.close());
    await syncFolder(folder);
    return ok(undefined);
  } catch (error) {
    await rm(copy, { force: true }).catch(() => undefined);
    const isFull = ['ENOSPC', 'EDQUOT'].includes((error as NodeJS.ErrnoException).code ?? '');
    const remedy = isFull ? 'make room there' : 'see to that disk';
    return fail(
      isFull ? 'no-space' : 'damaged',
      `${path} is damaged, and is not cut before it was copied to ${copy}, which failed: ${(error as Error).message}; ${remedy}, then start again`,
    );
  }
}

/** Where the first record with damaged headers begins. Other damage is the server's to find: the walk ends there. */
export function firstDamage(block: Buffer): number | undefined {
  for (let at = 0; at + headBytes + checksumBytes <= block.length; ) {
    const length = block.readUInt32LE(at);
    const end = at + (length & ~hasHeaders);
    const headers = at + headBytes + block.readUInt16LE(at + headBytes - 2);
    if (end > block.length || headers + checksumBytes > end) return undefined;
    if ((length & hasHeaders) !== 0 && !areHeaders(block, headers, end - checksumBytes)) return at;
    at = end;
  }
  return undefined;
}

function areHeaders(block: Buffer, at: number, end: number): boolean {
  if (at + 4 > end) return false;
  const length = block.readUInt32LE(at);
  if (at + 4 + length > end) return false;
  const text = block.toString('latin1', at + 4, at + 4 + length);
  return text.startsWith('NATS/1.0') && text.indexOf('\r\n\r\n') === text.length - 4;
}
