// A line between two processes that can go dead without anybody being told, or be cut, and come back.
import { connect, createServer, type Server, type Socket } from 'node:net';

export interface Relay {
  port: number;
  /** From now on nothing passes, and nothing is closed. */
  freeze(): void;
  /** Every connection ends, and each new one at once. */
  cut(): void;
  /** New connections pass again; those that were frozen stay so. */
  thaw(): void;
  /** Frozen connections go on: what was held back arrives late, in its order. */
  resume(): void;
  close(): void;
}

/** Passes bytes on, until told otherwise. */
export async function startRelay(target: number): Promise<Relay> {
  let sockets: Socket[] = [];
  /** What passes a frozen connection on. */
  let held: (() => void)[] = [];
  let state: 'passes' | 'frozen' | 'cut' = 'passes';
  const pass = (inner: Socket): void => {
    const outer = connect(target, '127.0.0.1');
    sockets.push(outer);
    join(inner, outer);
  };
  const join = (inner: Socket, outer: Socket): void => {
    for (const [from, to] of [
      [inner, outer],
      [outer, inner],
    ] as const) {
      from.on('error', () => to.destroy());
      from.pipe(to);
    }
    pairs.push([inner, outer]);
  };
  const pairs: [Socket, Socket][] = [];
  const server: Server = createServer((inner) => {
    inner.on('error', () => undefined);
    if (state === 'cut') return void inner.destroy();
    sockets.push(inner);
    if (state === 'frozen') return void held.push(() => pass(inner));
    pass(inner);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const endAll = () => {
    for (const socket of sockets) socket.destroy();
    sockets = [];
    held = [];
    pairs.length = 0;
  };
  return {
    port: (server.address() as { port: number }).port,
    freeze() {
      state = 'frozen';
      for (const [inner, outer] of pairs.splice(0)) {
        for (const socket of [inner, outer]) socket.unpipe().pause();
        held.push(() => join(inner, outer));
      }
    },
    cut() {
      state = 'cut';
      endAll();
    },
    thaw() {
      state = 'passes';
    },
    resume() {
      state = 'passes';
      for (const goOn of held.splice(0)) goOn();
    },
    close() {
      endAll();
      server.close();
    },
  };
}
