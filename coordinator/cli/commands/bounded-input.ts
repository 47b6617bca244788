// Reads a stream to its end, but never more than its bound: what comes on stdin may have none.

/** The whole text, as UTF-8; undefined when it is longer than `bytesMax`, of which no more is read then. */
export async function readBounded(source: AsyncIterable<Uint8Array>, bytesMax: number): Promise<string | undefined> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of source) {
    bytes += part.length;
    if (bytes > bytesMax) return undefined;
    parts.push(part);
  }
  return Buffer.concat(parts, bytes).toString('utf8');
}
