// Follows a growing file with bounded memory: however much is written, only its end is looked at.
import { open } from 'node:fs/promises';
import { findMatches } from './pattern.ts';
import { printableLines } from './printable.ts';
import { errorCode } from './system-error.ts';

const chunkBytesMax = 64 * 1024;

export interface Growth {
  percent?: number;
  line: string;
  outputBytes: number;
}

export interface OutputTail {
  /** What came since the last look; undefined when nothing did. */
  look(): Promise<Growth | undefined>;
  /** How much there was at the last look. */
  bytes(): number;
  /** The last lines so far, and the size. */
  end(): Promise<{ lines: string[]; bytes: number }>;
}

/** A follower of `path`; the first group of `pattern` is the percentage. */
export function followOutput(path: string, pattern: string | undefined): OutputTail {
  let seenBytes = 0;
  let percent: number | undefined;
  let line = '';
  return {
    async look() {
      const read = await readFrom(path, seenBytes);
      if (read.bytes === seenBytes) return undefined;
      seenBytes = read.bytes;
      line = printableLines(read.text, 1)[0] ?? line;
      const found = pattern === undefined ? undefined : findMatches(pattern, read.text, 'm');
      const newest = found?.ok ? Number(found.value.at(-1)?.text) : Number.NaN;
      if (newest >= 0 && newest <= 100) percent = newest;
      return { ...(percent === undefined ? {} : { percent }), line, outputBytes: read.bytes };
    },
    bytes: () => seenBytes,
    async end() {
      const { text, bytes } = await readFrom(path, 0);
      return { lines: printableLines(text, 40), bytes };
    },
  };
}

/** What lies behind `fromBytes`, at most the last 64 kB of it, and the file's size. */
async function readFrom(path: string, fromBytes: number): Promise<{ text: string; bytes: number }> {
  try {
    const file = await open(path, 'r');
    try {
      const { size } = await file.stat();
      const from = Math.max(fromBytes, size - chunkBytesMax);
      const buffer = Buffer.alloc(Math.max(0, size - from));
      const { bytesRead } = await file.read(buffer, 0, buffer.length, from);
      return { text: buffer.toString('utf8', 0, bytesRead), bytes: size };
    } finally {
      await file.close();
    }
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return { text: '', bytes: 0 };
    throw error;
  }
}
