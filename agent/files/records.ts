// The records of a manifest, as find writes them and as they are kept: kind, size, what else is known, path, NUL. See
// shared/actions/manifest.ts. Reading them never holds more than a piece of the file in memory.
import { open } from 'node:fs/promises';

const space = 0x20;
const colon = 0x3a;
const pieceBytes = 256 * 1024;

export const fileKind = 0x66;
export const linkKind = 0x6c;

/** Takes output piece by piece and hands on whole records, `end` being where the NUL stands. */
export function splitRecords(take: (bytes: Buffer, start: number, end: number) => void): (piece: Uint8Array) => void {
  let rest: Buffer = Buffer.alloc(0);
  return (piece) => {
    const bytes =
      rest.length === 0 ? Buffer.from(piece.buffer, piece.byteOffset, piece.length) : Buffer.concat([rest, piece]);
    let start = 0;
    for (let end = bytes.indexOf(0); end !== -1; end = bytes.indexOf(0, start)) {
      take(bytes, start, end);
      start = end + 1;
    }
    rest = Buffer.from(bytes.subarray(start));
  };
}

/**
 * Hands on the records of a file; between pieces `pause` may make the reader wait. Where the file is still being written,
 * `more` is asked at its end: whether to go on.
 */
export async function readRecords(
  path: string,
  take: (bytes: Buffer, start: number, end: number) => void,
  pause: () => Promise<void> = async () => {},
  more: () => Promise<boolean> = async () => false,
): Promise<void> {
  const handle = await open(path);
  try {
    const split = splitRecords(take);
    for (;;) {
      const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(pieceBytes), 0, pieceBytes);
      if (bytesRead > 0) split(buffer.subarray(0, bytesRead));
      else if (!(await more())) return;
      await pause();
    }
  } finally {
    await handle.close();
  }
}

/** Where the size of a record ends: at a space, or at the colon before a sum. */
export function endOfSize(bytes: Buffer, start: number): number {
  let at = start + 1;
  while (bytes[at] !== space && bytes[at] !== colon) at += 1;
  return at;
}

export function sizeOf(bytes: Buffer, start: number): number {
  let size = 0;
  for (let at = start + 1, end = endOfSize(bytes, start); at < end; at += 1) size = size * 10 + (bytes[at] ?? 0) - 0x30;
  return size;
}

/** Where the path of a kept record begins. */
export function pathStart(bytes: Buffer, start: number, end: number): number {
  const sizeEnd = endOfSize(bytes, start);
  // A sum stands with the identity of which it is.
  if (bytes[sizeEnd] === colon) return afterSpaces(bytes, sizeEnd, 4);
  const afterSize = sizeEnd + 1;
  if (bytes[start] !== linkKind) return afterSize;
  // A link's size is the length of its target.
  const afterTarget = afterSize + sizeOf(bytes, start);
  return afterTarget < end && bytes[afterTarget] === space ? afterTarget + 1 : bytes.indexOf(space, afterSize) + 1;
}

/** The sum of a kept record; empty where there is none. */
export function sumOf(bytes: Buffer, start: number): string {
  const at = endOfSize(bytes, start);
  return bytes[at] === colon ? bytes.toString('latin1', at + 1, at + 65) : '';
}

export function targetOf(bytes: Buffer, start: number, end: number): Buffer {
  if (bytes[start] !== linkKind) return Buffer.alloc(0);
  return bytes.subarray(bytes.indexOf(space, start) + 1, pathStart(bytes, start, end) - 1);
}

/** Where the path begins in a record of a file as it is walked by, with its identity. */
export const pathAfterIdentity = (bytes: Buffer, start: number): number => afterSpaces(bytes, start, 4);

function afterSpaces(bytes: Buffer, from: number, count: number): number {
  let at = from;
  for (let passed = 0; passed < count; passed += 1) at = bytes.indexOf(space, at) + 1;
  return at;
}
