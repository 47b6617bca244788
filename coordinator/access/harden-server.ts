// Two things that grpc-js leaves open and has no option for, closed from outside: it throws in the event loop when it
// refuses a call whose stream was reset meanwhile, which would end the process, and it lets a client reset without end.
// Both reach into its private parts, so a version that has them elsewhere is noticed at the start.
import type { ServerHttp2Stream } from 'node:http2';
import type { Server } from '@grpc/grpc-js';
import type { Rate } from './bucket.ts';

interface Inside {
  commonServerOptions?: object;
  _streamHandler?: (interceptors: unknown, stream: ServerHttp2Stream, headers: unknown) => void;
}

/** To be called before the server listens or is given connections, and with channelz off. */
export function hardenServer<T extends Server>(server: T, resets: Rate): T {
  const inside = server as unknown as Inside;
  const handle = inside._streamHandler;
  if (inside.commonServerOptions === undefined || handle === undefined)
    throw new Error('grpc-js has changed inside: coordinator/access/harden-server.ts no longer fits');
  Object.assign(inside.commonServerOptions, { streamResetBurst: resets.burst, streamResetRate: resets.perSecond });
  inside._streamHandler = (interceptors, stream, headers) => {
    if (stream.destroyed) return;
    try {
      handle.call(server, interceptors, stream, headers);
    } catch {
      stream.destroy();
    }
  };
  return server;
}
