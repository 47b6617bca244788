// What hostile clients do with one connection to the agents' port, one attack each. An attack goes on until its socket is
// destroyed; who runs it decides how many there are, and when they end.
import type { Socket } from 'node:net';
import { create, toBinary } from '@bufbuild/protobuf';
import { FetchRequestSchema, FromAgentSchema, JoinRequestSchema } from '../../shared/gen/baton/v1/fleet_pb.ts';
import {
  callHeaders,
  dataFrames,
  flags,
  frame,
  grpcMessage,
  openCall,
  preface,
  readFrames,
  repeat,
  resetStream,
  types,
} from './frames.ts';

/** As whom the connection is made: before TLS, or with TLS and this certificate. */
export type As = 'tcp' | 'nobody' | 'self-signed' | 'node';
export interface Attack {
  name: string;
  as: As;
  /** Says HTTP/2 in the handshake. */
  isHttp2: boolean;
  act(socket: Socket): void;
}

const connectPath = '/baton.v1.Fleet/Connect';
const fetchPath = '/baton.v1.Fleet/FetchRelease';
const joinPath = '/baton.v1.Enrolment/Join';

/** Writes what comes from `next` for as long as the other side takes it. */
function pour(socket: Socket, next: () => Uint8Array): void {
  const go = () => {
    while (!socket.destroyed && socket.writable) if (!socket.write(next())) return;
  };
  socket.on('drain', go);
  go();
}

function everyMs(socket: Socket, ms: number, act: () => void): void {
  const timer = setInterval(act, ms);
  socket.once('close', () => clearInterval(timer));
}

/** Begins HTTP/2, reads, and answers what an honest client would answer, so that it isn't ended for silence. */
function begin(socket: Socket, settings: Uint8Array = Buffer.alloc(0)): void {
  socket.write(Buffer.concat([preface, frame(types.settings, flags.none, 0, settings)]));
  socket.on(
    'data',
    readFrames((type, flag, _stream, payload) => {
      if (socket.destroyed || (flag & flags.ack) !== 0) return;
      if (type === types.ping) socket.write(frame(types.ping, flags.ack, 0, payload));
      if (type === types.settings) socket.write(frame(types.settings, flags.ack, 0));
    }),
  );
}

function risingStreams(make: (stream: number) => Uint8Array): () => Buffer {
  let stream = 1;
  return () => {
    const pieces: Uint8Array[] = [];
    for (let count = 0; count < 200; count += 1, stream += 2) pieces.push(make(stream));
    return Buffer.concat(pieces);
  };
}

const hello = grpcMessage(
  toBinary(
    FromAgentSchema,
    create(FromAgentSchema, {
      kind: { case: 'hello', value: { agentVersion: '0.1.0', ledgerGeneration: 'g1', ledgerCounter: 1 } },
    }),
  ),
);
const beat = grpcMessage(
  toBinary(FromAgentSchema, create(FromAgentSchema, { kind: { case: 'heartbeat', value: { clockMs: 1 } } })),
);
const joining = grpcMessage(
  toBinary(JoinRequestSchema, create(JoinRequestSchema, { token: '0'.repeat(64), name: 'n9' })),
);
const longName = grpcMessage(
  toBinary(JoinRequestSchema, create(JoinRequestSchema, { token: 'x', name: '\n'.repeat(1_000_000) })),
);
const fetching = grpcMessage(toBinary(FetchRequestSchema, create(FetchRequestSchema, { sha256: '0'.repeat(64) })));
const ended = (stream: number) => frame(types.data, flags.endStream, stream);

/** Attacks within HTTP/2, for anybody; `path` is that of the calls. */
function http2Attacks(path: string): Record<string, (socket: Socket) => void> {
  return {
    'rapid reset': (socket) => {
      begin(socket);
      const next = risingStreams((stream) => Buffer.concat([openCall(stream, path), resetStream(stream)]));
      pour(socket, next);
    },
    'rapid reset of unknown calls': (socket) => {
      begin(socket);
      pour(
        socket,
        risingStreams((stream) => Buffer.concat([openCall(stream, '/x/y'), resetStream(stream)])),
      );
    },
    'ping flood': (socket) => {
      begin(socket);
      const pings = repeat(frame(types.ping, flags.none, 0, Buffer.alloc(8)));
      pour(socket, () => pings);
    },
    'settings flood': (socket) => {
      begin(socket);
      const settings = repeat(frame(types.settings, flags.none, 0, Buffer.from([0, 3, 0, 0, 0, 9])));
      pour(socket, () => settings);
    },
    'continuation flood': (socket) => {
      begin(socket);
      socket.write(frame(types.headers, flags.none, 1, callHeaders(path)));
      const more = repeat(frame(types.continuation, flags.none, 1, Buffer.alloc(16_000)));
      pour(socket, () => more);
    },
    'oversized frames': (socket) => {
      begin(socket);
      socket.write(frame(types.data, flags.none, 1, Buffer.alloc(0), 0xffffff));
      pour(socket, () => Buffer.alloc(65_536));
    },
    'oversized messages': (socket) => {
      begin(socket);
      const streams = Array.from({ length: 64 }, (_, index) => 2 * index + 1);
      for (const stream of streams) {
        const body = dataFrames(stream, grpcMessage(Buffer.alloc(60_000), 0xffffffff));
        socket.write(Buffer.concat([openCall(stream, path), body]));
      }
    },
    'messages that never end': (socket) => {
      begin(socket);
      const streams = Array.from({ length: 64 }, (_, index) => 2 * index + 1);
      for (const stream of streams)
        socket.write(
          Buffer.concat([openCall(stream, path), dataFrames(stream, grpcMessage(Buffer.alloc(60_000), 1_000_000))]),
        );
      everyMs(socket, 500, () => {
        for (const stream of streams) if (!socket.destroyed) socket.write(dataFrames(stream, Buffer.alloc(16_000)));
      });
    },
    'never reads': (socket) => {
      socket.pause();
      socket.write(Buffer.concat([preface, frame(types.settings, flags.none, 0)]));
      pour(
        socket,
        risingStreams((stream) => Buffer.concat([openCall(stream, path), ended(stream)])),
      );
    },
  };
}

const beforeTls: Record<string, (socket: Socket) => void> = {
  'no handshake': () => undefined,
  'a byte at a time': (socket) =>
    everyMs(socket, 50, () => {
      if (!socket.destroyed) socket.write(Buffer.from([0x16]));
    }),
  // The head of a TLS record that says more will come.
  'half a handshake': (socket) => void socket.write(Buffer.from('1603010200010001fc0303', 'hex')),
  'plain HTTP': (socket) => {
    pour(socket, () => Buffer.from(`GET / HTTP/1.1\r\nx: ${'y'.repeat(8_000)}\r\n`));
  },
};

const asStranger: Record<string, (socket: Socket) => void> = {
  'joins with a wrong token': (socket) => {
    begin(socket);
    let stream = 1;
    everyMs(socket, 20, () => {
      if (socket.destroyed) return;
      socket.write(Buffer.concat([openCall(stream, joinPath), dataFrames(stream, joining), ended(stream)]));
      stream += 2;
    });
  },
  'joins with a name of 1 MB': (socket) => {
    begin(socket);
    socket.write(openCall(1, joinPath));
    socket.write(Buffer.concat([dataFrames(1, longName.subarray(0, 65_000))]));
    everyMs(socket, 100, () => {
      if (!socket.destroyed) socket.write(dataFrames(1, longName.subarray(0, 65_000)));
    });
  },
};

const asNode: Record<string, (socket: Socket) => void> = {
  'heartbeats without end, reads nothing': (socket) => {
    socket.pause();
    socket.write(Buffer.concat([preface, frame(types.settings, flags.none, 0), openCall(1, connectPath)]));
    socket.write(dataFrames(1, hello));
    const beats = dataFrames(1, repeat(beat, 16_384));
    pour(socket, () => beats);
  },
  'fetches without end': (socket) => {
    begin(socket);
    pour(
      socket,
      risingStreams((stream) => Buffer.concat([openCall(stream, fetchPath), dataFrames(stream, fetching)])),
    );
  },
};

function attacks(as: As, acts: Record<string, (socket: Socket) => void>, isHttp2 = true): Attack[] {
  return Object.entries(acts).map(([name, act]) => ({ name, as, isHttp2, act }));
}

export const allAttacks: Attack[] = [
  ...attacks('tcp', beforeTls, false),
  ...attacks('nobody', { 'TLS and then nothing': () => undefined }),
  ...attacks('nobody', { 'TLS without HTTP/2': (socket) => pour(socket, () => Buffer.alloc(9_000)) }, false),
  ...attacks('self-signed', { 'TLS and then nothing': (socket) => begin(socket) }),
  ...attacks('nobody', http2Attacks(joinPath)),
  ...attacks('nobody', asStranger),
  ...attacks('self-signed', { 'rapid reset': http2Attacks(connectPath)['rapid reset'] ?? (() => undefined) }),
  ...attacks('node', http2Attacks(connectPath)),
  ...attacks('node', asNode),
];
