// Positions in PostgreSQL's write-ahead log.

/** `16/B374D848` as a number of bytes; undefined when it is no position. */
export function parseLsn(text: string): bigint | undefined {
  const match = /^([0-9A-Fa-f]{1,8})\/([0-9A-Fa-f]{1,8})$/.exec(text);
  return match ? (BigInt(`0x${match[1]}`) << 32n) | BigInt(`0x${match[2]}`) : undefined;
}

/** Bytes from one position to a later one, 0 when it is not later; undefined when either is no position. */
export function bytesBetween(from: string, to: string): number | undefined {
  const [start, end] = [parseLsn(from), parseLsn(to)];
  if (start === undefined || end === undefined) return undefined;
  return end > start ? Number(end - start) : 0;
}
