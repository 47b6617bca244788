// The agents' port: TLS 1.3 that asks for a client certificate and lets connections without one in, since joining has
// none. What a certificate proves is found out once per connection; whether a call is allowed is access.ts's.
// The authority is sent in the chain, so that a joining node can compare it with its pin.
import type { Socket } from 'node:net';
import { createServer, type TLSSocket } from 'node:tls';
import { type Server, ServerCredentials, type ServerInterceptingCallInterface } from '@grpc/grpc-js';
import type { Clock } from '../../shared/clock.ts';
import { fail, ok, type Result } from '../../shared/failures.ts';
import { formatHostPort, type HostPort } from '../../shared/host-port.ts';
import type { Log } from '../../shared/log.ts';
import type { Credentials } from '../../shared/security/certificates.ts';
import { identityOf } from '../../shared/security/identity.ts';
import type { Trust } from './access.ts';

const connectionsMax = 512;
const handshakeTimeoutMs = 10_000;
/** Of connections that prove no identity, such as for joining: how long one lives, and how many an address may have. */
const strangerLifeMs = 30_000;
export const strangersPerAddressMax = 8;
/** A revoked client has this long to read why before its connection is cut. */
const lastWordsMs = 500;

export interface TlsListener {
  /** Where it listens; the port is the real one when 0 was asked for. */
  address: HostPort;
  trustOf(call: ServerInterceptingCallInterface): Trust;
  /** Cuts every connection of a certificate. */
  cut(serial: string): void;
  /** Uses another server certificate for new connections. */
  renew(server: Credentials): void;
  close(): void;
}

interface Ends {
  localAddress?: string | undefined;
  localPort?: number | undefined;
  remoteAddress?: string | undefined;
  remotePort?: number | undefined;
}
/** A connection is known by both its ends: behind a router two may share the far one. */
const nameOf = (ends: Ends) => [ends.localAddress, ends.localPort, ends.remoteAddress, ends.remotePort].join(' ');

/** Listens, and hands every connection to the gRPC server. `makeServer` gets the lookup that access checks need. */
export async function listenTls(options: {
  listen: HostPort;
  authority: string;
  server: Credentials;
  clock: Clock;
  log: Log;
  makeServer(trustOf: TlsListener['trustOf']): Server;
  strangerLifeMs?: number;
}): Promise<Result<TlsListener>> {
  const { listen, authority, clock, log } = options;
  const connections = new Map<string, { socket: TLSSocket; trust: Trust }>();
  const trustOf: TlsListener['trustOf'] = (call) =>
    connections.get(nameOf(call.getConnectionInfo()))?.trust ?? 'no certificate';
  const injector = options.makeServer(trustOf).createConnectionInjector(ServerCredentials.createInsecure());

  const context = (server: Credentials) => ({
    ca: authority,
    cert: server.certificate + authority,
    key: server.key,
    minVersion: 'TLSv1.3' as const,
  });
  const tls = createServer({
    ...context(options.server),
    requestCert: true,
    rejectUnauthorized: false,
    ALPNProtocols: ['h2'],
    handshakeTimeout: handshakeTimeoutMs,
    noDelay: true,
  });
  tls.maxConnections = connectionsMax;
  const strangers = limitStrangers(options.strangerLifeMs ?? strangerLifeMs);
  // Counted from before the handshake on, which may be drawn out as well.
  tls.on('connection', (socket: Socket) => {
    if (strangers.admit(socket)) return;
    log.debug('a connection was ended: too many without a certificate', { from: socket.remoteAddress });
    socket.destroy();
  });
  tls.on('tlsClientError', (error, socket) => {
    log.debug('a connection ended before TLS was set up', { from: socket.remoteAddress, reason: error.message });
  });
  tls.on('secureConnection', (socket) => {
    socket.on('error', () => undefined);
    if (socket.alpnProtocol !== 'h2') return socket.destroy();
    const name = nameOf(socket);
    const { raw } = socket.getPeerCertificate();
    const trust = raw ? identityOf(raw, authority, clock.nowMs()) : 'no certificate';
    if (typeof trust === 'object') strangers.known(socket);
    connections.set(name, { socket, trust });
    socket.once('close', () => connections.delete(name));
    injector.injectConnection(socket);
  });

  try {
    await new Promise<void>((resolve, reject) => {
      tls.once('error', reject);
      tls.listen({ host: listen.host, port: listen.port }, () => {
        tls.off('error', reject);
        resolve();
      });
    });
  } catch (error) {
    return fail('conflict', `${formatHostPort(listen)} cannot be listened on: ${(error as Error).message}`);
  }
  tls.on('error', (error) => log.error('the agents’ port has a problem', { reason: error.message }));

  return ok({
    address: { host: listen.host, port: (tls.address() as { port: number }).port },
    trustOf,
    cut(serial) {
      for (const { socket, trust } of connections.values())
        if (typeof trust === 'object' && trust.serial === serial) setTimeout(() => socket.destroy(), lastWordsMs);
    },
    renew: (server) => tls.setSecureContext(context(server)),
    close() {
      tls.close();
      injector.drain(1_000);
      for (const { socket } of connections.values()) setTimeout(() => socket.destroy(), 2_000).unref();
    },
  });
}

/** Connections that have proved no identity: few for each address, and not for long. */
function limitStrangers(lifeMs: number) {
  const timers = new Map<string, { address: string; timer: NodeJS.Timeout }>();
  const forget = (name: string) => {
    clearTimeout(timers.get(name)?.timer);
    timers.delete(name);
  };
  return {
    /** False when the address has too many already. */
    admit(socket: Socket): boolean {
      const name = nameOf(socket);
      const address = socket.remoteAddress ?? '';
      const ofAddress = [...timers.values()].filter((stranger) => stranger.address === address);
      if (ofAddress.length >= strangersPerAddressMax) return false;
      timers.set(name, { address, timer: setTimeout(() => socket.destroy(), lifeMs).unref() });
      socket.once('close', () => forget(name));
      return true;
    },
    known: (socket: TLSSocket) => forget(nameOf(socket)),
  };
}
