// What streams that are reset before they are looked at do to the process: nothing. grpc-js answers a call that it does
// not know, or that is none, without looking whether its stream is still there, which throws in the event loop.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { duplexPair } from 'node:stream';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { hardenServer } from '../../../coordinator/access/harden-server.ts';
import { flags, frame, openCall, preface, readFrames, resetStream, types } from '../../hostile/frames.ts';

describe('streams that are reset before they are looked at', () => {
  it('end nothing but themselves', async () => {
    const server = hardenServer(new Server({ 'grpc.enable_channelz': 0 }), { burst: 1_000, perSecond: 33 });
    const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
    const [client, far] = duplexPair();
    injector.injectConnection(far);
    const pong = new Promise<void>((resolve) => {
      const hear = readFrames((type, flag) => {
        if (type === types.ping && (flag & flags.ack) !== 0) resolve();
      });
      client.on('data', (chunk: Buffer) => hear(chunk));
    });
    const thrown: Error[] = [];
    const catchIt = (error: Error) => thrown.push(error);
    const others = process.rawListeners('uncaughtException') as NodeJS.UncaughtExceptionListener[];
    process.removeAllListeners('uncaughtException');
    process.on('uncaughtException', catchIt);
    try {
      client.write(Buffer.concat([preface, frame(types.settings, flags.none, 0)]));
      // In one piece, so that the reset is heard before anybody has looked at the call.
      client.write(Buffer.concat([1, 3, 5].flatMap((stream) => [openCall(stream, '/x/y'), resetStream(stream)])));
      client.write(frame(types.ping, flags.none, 0, Buffer.alloc(8)));
      await pong;
    } finally {
      process.off('uncaughtException', catchIt);
      for (const other of others) process.on('uncaughtException', other);
    }
    assert.deepEqual(thrown, []);
    client.destroy();
    if (!far.destroyed) await once(far.destroy(), 'close');
    server.forceShutdown();
  });
});
