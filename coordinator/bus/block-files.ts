// A look through the store's block files before nats-server opens them. Its checksums leave out one field, the length of a
// record's headers: one flipped bit there crashes the server whenever it reads the record, at every start again. Such a
// record and what follows in its block is cut off, as the server itself does with damage that it finds, after the whole
// block was copied aside. Finding out what is missing then is the readers' task.
import { copyFile, mkdir, open, readdir, readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { syncFolder } from '../../shared/durable-file.ts';

/** Of a record: length, sequence, time, length of the subject; and at its end the checksum. */
const headBytes = 22;
const checksumBytes = 8;
const hasHeaders = 0x8000_0000;

export interface CutBlock {
  stream: string;
  /** Where the block lies as it was. */
  copy: string;
}

/** Cuts what would crash the server. Only while nobody has the store open. */
export async function cutDamagedBlocks(storeDirectory: string): Promise<CutBlock[]> {
  const cut: CutBlock[] = [];
  const files = await readdir(join(storeDirectory, 'streams'), { recursive: true }).catch(() => []);
  for (const file of files.filter((name) => name.endsWith('.blk')).sort()) {
    const path = join(storeDirectory, 'streams', file);
    const at = firstDamage(await readFile(path));
    if (at === undefined) continue;
    const stream = basename(dirname(dirname(path)));
    const aside = join(storeDirectory, 'damaged');
    await mkdir(aside, { recursive: true, mode: 0o700 });
    const copy = join(aside, `${stream}-${basename(path)}-${at}`);
    await copyFile(path, copy);
    await syncFolder(aside);
    const block = await open(path, 'r+');
    await block.truncate(at);
    await block.sync();
    await block.close();
    cut.push({ stream, copy });
  }
  return cut;
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
