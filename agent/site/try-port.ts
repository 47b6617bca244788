// Connects to a port of another node and says what came of it: somebody listens, the node refuses, or nothing came back.
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

export interface Tried {
  state: 'open' | 'refused' | 'filtered' | 'unreachable';
  elapsedMs: number;
}

const stateOf = (error: NodeJS.ErrnoException): Tried['state'] => {
  if (error.code === 'ECONNREFUSED' || error.code === 'ECONNRESET') return 'refused';
  return error.code === 'ETIMEDOUT' ? 'filtered' : 'unreachable';
};

/** Nothing is sent; a connection that stands is closed at once. */
export async function tryPort(address: string, port: number, withinMs: number): Promise<Tried> {
  const startedAt = performance.now();
  const state = await new Promise<Tried['state']>((resolve) => {
    const socket = connect({ host: address, port });
    const timer = setTimeout(() => end('filtered'), withinMs);
    const end = (found: Tried['state']) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(found);
    };
    socket.once('connect', () => end('open'));
    // More than one may come: an error that nobody listens for would end the agent.
    socket.on('error', (error) => end(stateOf(error)));
  });
  return { state, elapsedMs: Math.round(performance.now() - startedAt) };
}

export interface Greeting {
  /** What the rsync daemon says first; empty where it says nothing of the kind. */
  line: string;
  /** Such as TLSv1.3; empty without TLS. */
  tls: string;
  /** Why there is no greeting. */
  failure: string;
}

const greetingLengthMax = 200;

/**
 * The greeting of an rsync daemon on a port, plain or within TLS. The certificate is not looked at: which ones count is
 * the configuration of stunnel on both nodes, which this is not.
 */
export async function readGreeting(
  address: string,
  port: number,
  withTls: boolean,
  withinMs: number,
): Promise<Greeting> {
  return await new Promise((resolve) => {
    const secured = withTls
      ? connectTls({ host: address, port, rejectUnauthorized: false, minVersion: 'TLSv1.2' })
      : undefined;
    const socket: Socket = secured ?? connect({ host: address, port });
    let line = '';
    let tls = '';
    const end = (failure: string) => {
      clearTimeout(timer);
      const found = { line: line.split('\n')[0]?.trim() ?? '', tls, failure };
      socket.destroy();
      resolve(found);
    };
    if (secured !== undefined)
      secured.once('secureConnect', () => {
        tls = secured.getProtocol() ?? '';
      });
    const timer = setTimeout(() => end(`nothing came back within ${withinMs} ms`), withinMs);
    socket.on('data', (chunk: Buffer) => {
      line += chunk.toString('latin1').slice(0, greetingLengthMax - line.length);
      if (line.includes('\n') || line.length >= greetingLengthMax) end('');
    });
    socket.on('error', (error) => end(error.message));
    socket.once('close', () => end('it closed the connection without a word'));
  });
}
