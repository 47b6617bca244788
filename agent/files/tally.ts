// What a set of records comes to, whatever their order: two sets that differ in a few records differ in those records'
// buckets only. Against accidents, not against forgery. Pure.

export const bucketCount = 4096;

export interface Tally {
  /** Counts what stands from `start` to `headEnd` and the path, from `path` to `end`, which alone says the bucket. */
  add(bytes: Uint8Array, start: number, headEnd: number, path: number, end: number): void;
  /** 16 hexadecimal digits for each bucket. */
  digests(): string;
}

export function createTally(): Tally {
  const low = new Uint32Array(bucketCount);
  const high = new Uint32Array(bucketCount);
  return {
    add(bytes, start, headEnd, path, end) {
      let a = 0x811c9dc5 | 0;
      let b = 0x1b873593 | 0;
      for (let at = start; at < end; at += 1) {
        if (at === headEnd) at = path;
        const byte = bytes[at] ?? 0;
        a = Math.imul(a ^ byte, 0x01000193);
        b = Math.imul(b ^ byte, 0x85ebca6b);
        b ^= b >>> 13;
      }
      const bucket = bucketOf(bytes, path, end);
      // Sums do not depend on the order; mixed first, so that changes in several records do not cancel out.
      low[bucket] = (low[bucket] ?? 0) + mix(a ^ 0x5bd1e995);
      high[bucket] = (high[bucket] ?? 0) + mix(b ^ a);
    },
    digests() {
      const bytes = Buffer.alloc(bucketCount * 8);
      for (let bucket = 0; bucket < bucketCount; bucket += 1) {
        bytes.writeUInt32BE(high[bucket] ?? 0, bucket * 8);
        bytes.writeUInt32BE(low[bucket] ?? 0, bucket * 8 + 4);
      }
      return bytes.toString('hex');
    },
  };
}

export function bucketOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5 | 0;
  for (let at = start; at < end; at += 1) hash = Math.imul(hash ^ (bytes[at] ?? 0), 0x01000193);
  return mix(hash) & (bucketCount - 1);
}

function mix(value: number): number {
  let mixed = value ^ (value >>> 16);
  mixed = Math.imul(mixed, 0x85ebca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
