// The sums of files that were read before, as an earlier manifest has them: as long as a file's inode, size and times of change
// are the same, so is its content. In memory are 24 bytes for each file; a manifest that is gone only means reading anew.
import { closeSync, openSync, readSync } from 'node:fs';
import { endOfSize, fileKind, readRecords } from './records.ts';

const windowBytes = 256 * 1024;
const sumLength = 64;

export interface KnownSums {
  /** The sum of what has this identity, written as find does: size, inode and both times; undefined where none is known. */
  find(size: number, identity: string): string | undefined;
  close(): void;
}

/** Reads which sums are in manifests; later ones go first. */
export async function readKnownSums(paths: readonly string[]): Promise<KnownSums> {
  let count = 0;
  for (const path of paths)
    await readRecords(path, (bytes, start) => {
      if (hasSum(bytes, start)) count += 1;
    });
  const slots = 2 ** Math.max(4, Math.ceil(Math.log2(count * 1.5 + 1)));
  const hashes = new Uint32Array(slots);
  // Where a record begins, plus one: 0 is an empty slot. The manifest is the fraction's place.
  const places = new Float64Array(slots);
  const files = paths.map((path) => openSync(path, 'r'));
  for (const [file, path] of paths.entries()) {
    let base = 0;
    await readRecords(path, (bytes, start, end) => {
      const at = base;
      base += end + 1 - start;
      if (!hasSum(bytes, start)) return;
      const hash = hashOf(identityIn(bytes.toString('latin1', start, end)));
      let slot = hash & (slots - 1);
      while (places[slot] !== 0) slot = (slot + 1) & (slots - 1);
      hashes[slot] = hash;
      places[slot] = (at + 1) * files.length + file;
    });
  }
  const window = files.map(() => ({ from: 0, text: '' }));
  const recordAt = (file: number, at: number): string => {
    const seen = window[file] ?? { from: 0, text: '' };
    const inWindow = () => {
      const end = at < seen.from ? -1 : seen.text.indexOf('\0', at - seen.from);
      return end === -1 ? undefined : seen.text.slice(at - seen.from, end);
    };
    const found = inWindow();
    if (found !== undefined) return found;
    const bytes = Buffer.allocUnsafe(windowBytes);
    seen.from = at;
    seen.text = bytes.toString('latin1', 0, readSync(files[file] ?? -1, bytes, 0, windowBytes, at));
    window[file] = seen;
    return inWindow() ?? '';
  };
  return {
    find(size, identity) {
      const wanted = `${size} ${identity}`;
      const hash = hashOf(wanted);
      let found: string | undefined;
      for (let slot = hash & (slots - 1); places[slot] !== 0; slot = (slot + 1) & (slots - 1)) {
        if (hashes[slot] !== hash) continue;
        const place = places[slot] ?? 0;
        const record = recordAt(place % files.length, Math.floor(place / files.length) - 1);
        if (identityIn(record) === wanted)
          found = record.slice(record.indexOf(':') + 1, record.indexOf(':') + 1 + sumLength);
      }
      return found;
    },
    close() {
      for (const file of files) closeSync(file);
    },
  };
}

const hasSum = (bytes: Buffer, start: number): boolean =>
  bytes[start] === fileKind && bytes[endOfSize(bytes, start)] === 0x3a;

/** Of a record `f<size>:<sum> <inode> <modified> <changed> <path>`: size and the three after the sum. */
function identityIn(record: string): string {
  const colon = record.indexOf(':');
  const from = colon + 1 + sumLength + 1;
  const to = record.indexOf(' ', record.indexOf(' ', record.indexOf(' ', from) + 1) + 1);
  return `${record.slice(1, colon)} ${record.slice(from, to)}`;
}

function hashOf(text: string): number {
  let hash = 0x811c9dc5 | 0;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  hash ^= hash >>> 16;
  return Math.imul(hash, 0x85ebca6b) >>> 0;
}
