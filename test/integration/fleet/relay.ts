// A line between an agent and its coordinator that can go dead without anybody being told.
import { connect, createServer, type Server, type Socket } from 'node:net';

export interface Relay {
  port: number;
  /** From now on nothing passes, and nothing is closed. */
  freeze(): void;
  /** New connections pass again. */
  thaw(): void;
  close(): void;
}

/** Passes bytes on until it is frozen; then both ends stay open and hear nothing. */
export async function startRelay(target: number): Promise<Relay> {
  const sockets: Socket[] = [];
  let isFrozen = false;
  const server: Server = createServer((inner) => {
    inner.on('error', () => undefined);
    if (isFrozen) return void sockets.push(inner);
    const outer = connect(target, '127.0.0.1');
    outer.on('error', () => undefined);
    inner.pipe(outer);
    outer.pipe(inner);
    sockets.push(inner, outer);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as { port: number }).port,
    freeze() {
      isFrozen = true;
      for (const socket of sockets) {
        socket.unpipe();
        socket.pause();
      }
    },
    thaw() {
      isFrozen = false;
    },
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}
