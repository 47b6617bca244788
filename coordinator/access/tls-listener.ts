// The agents' port: TLS 1.3 that asks for a client certificate and lets connections without one in, since joining has
// none. What a certificate proves is found out once per connection; whether a call is allowed is access.ts's.
// The authority is sent in the chain, so that a joining node can compare it with its pin.
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
  tls.on('tlsClientError', (error, socket) => {
    log.debug('a connection ended before TLS was set up', { from: socket.remoteAddress, reason: error.message });
  });
  tls.on('secureConnection', (socket) => {
    socket.on('error', () => undefined);
    if (socket.alpnProtocol !== 'h2') return socket.destroy();
    const name = nameOf(socket);
    const { raw } = socket.getPeerCertificate();
    connections.set(name, { socket, trust: raw ? identityOf(raw, authority, clock.nowMs()) : 'no certificate' });
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
