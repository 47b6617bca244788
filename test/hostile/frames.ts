// HTTP/2 and gRPC as bytes, without a library that would keep an attacker from breaking the rules.
export const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

export const types = { data: 0, headers: 1, reset: 3, settings: 4, ping: 6, windowUpdate: 8, continuation: 9 } as const;
export const flags = { none: 0, ack: 1, endStream: 1, endHeaders: 4 } as const;

/** One frame; `length` lies about its payload's size. */
export function frame(
  type: number,
  flag: number,
  stream: number,
  payload: Uint8Array = Buffer.alloc(0),
  length = payload.length,
): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(length, 0, 3);
  head[3] = type;
  head[4] = flag;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

const text = (value: string): Buffer => Buffer.concat([Buffer.from([value.length]), Buffer.from(value)]);

/** The header block of a gRPC call, nothing of it in the compression table; texts have at most 126 characters. */
export function callHeaders(path: string): Buffer {
  return Buffer.concat([
    Buffer.from([0x83, 0x87, 0x04]),
    text(path),
    Buffer.from([0x01]),
    text('baton-coordinator'),
    Buffer.from([0x0f, 0x10]),
    text('application/grpc'),
    Buffer.from([0x00]),
    text('te'),
    text('trailers'),
  ]);
}

/** HEADERS that open a call on a stream (odd numbers, rising). */
export function openCall(stream: number, path: string): Buffer {
  return frame(types.headers, flags.endHeaders, stream, callHeaders(path));
}

export function resetStream(stream: number): Buffer {
  return frame(types.reset, flags.none, stream, Buffer.from([0, 0, 0, 8]));
}

/** A gRPC message; `length` lies about its size. */
export function grpcMessage(body: Uint8Array, length = body.length): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(length, 1);
  return Buffer.concat([head, body]);
}

/** DATA frames of at most 16 kB each. */
export function dataFrames(stream: number, bytes: Uint8Array): Buffer {
  const frames: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += 16_384)
    frames.push(frame(types.data, flags.none, stream, bytes.subarray(at, at + 16_384)));
  return Buffer.concat(frames);
}

export function repeat(piece: Uint8Array, bytes = 65_536): Buffer {
  return Buffer.concat(Array.from({ length: Math.max(1, Math.floor(bytes / piece.length)) }, () => piece));
}

/** Hears frames in a stream of bytes. */
export function readFrames(hear: (type: number, flag: number, stream: number, payload: Buffer) => void) {
  let rest: Buffer = Buffer.alloc(0);
  return (chunk: Buffer): void => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    while (rest.length >= 9) {
      const length = rest.readUIntBE(0, 3);
      if (rest.length < 9 + length) return;
      hear(rest[3] ?? 0, rest[4] ?? 0, rest.readUInt32BE(5) & 0x7fffffff, rest.subarray(9, 9 + length));
      rest = rest.subarray(9 + length);
    }
  };
}
