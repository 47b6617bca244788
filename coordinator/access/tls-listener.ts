// The agents' port: TLS 1.3 that asks for a client certificate and lets connections without one in, since joining has
// none. What a certificate proves is found out once per connection; whether a call is allowed is access.ts's.
// The authority is sent in the chain, so that a joining node can compare it with its pin.
import { BlockList, createServer as createTcpServer, type Socket, type SocketAddress } from 'node:net';
import { createServer, type TLSSocket } from 'node:tls';
import { type Server, ServerCredentials, type ServerInterceptingCallInterface } from '@grpc/grpc-js';
import type { Clock } from '../../shared/clock.ts';
import { fail, ok, type Result } from '../../shared/failures.ts';
import { formatHostPort, type HostPort } from '../../shared/host-port.ts';
import type { Log } from '../../shared/log.ts';
import type { Credentials } from '../../shared/security/certificates.ts';
import { identityOf } from '../../shared/security/identity.ts';
import type { Trust } from './access.ts';
import { createAdmission, type Stranger } from './admission.ts';
import { type Allowance, createAllowances } from './allowance.ts';
import { createTally } from './tally.ts';

const provenMax = 256;
/** Of one certificate; when there are more the oldest goes, which may be half-open. */
export const provenPerCertificateMax = { node: 4, operator: 32 };
const handshakeTimeoutMs = 5_000;
/** How long a connection lives that proves no identity, such as for joining. */
const strangerLifeMs = 30_000;
const lookEveryMs = 100;
/** Strangers are heard one after another: a connection may make its server busy for as long as it takes to read 16 kB. */
const strangerEveryMs = 100;
/** The same for their handshakes, which need some milliseconds each; those that are known need not wait. */
const handshakeEveryMs = 10;
/** A revoked client has this long to read why before its connection is cut. */
const lastWordsMs = 500;

/** What the access check needs to know of a call's connection. */
export interface Connections {
  trustOf(call: ServerInterceptingCallInterface): Trust;
  /** Counts a call; false when its connection has made too many, and is ended. */
  countCall(call: ServerInterceptingCallInterface): boolean;
}

export interface TlsListener {
  /** Where it listens; the port is the real one when 0 was asked for. */
  address: HostPort;
  /** Where a certificate has been used before, so that it comes back while strangers crowd the port. */
  know(networks: readonly string[], serial: string): void;
  /** Cuts every connection of a certificate, which is worth nothing any more. */
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

interface Connection extends Stranger {
  socket: Socket;
  life: NodeJS.Timeout;
  /** From here on: once TLS is set up. */
  tls?: TLSSocket;
  trust: Trust;
  allowance: Allowance;
}

/**
 * Listens, and hands every connection to a gRPC server: those that have proved an identity to one, strangers to another
 * with narrower limits. `makeServer` gets the lookup that access checks need.
 */
export async function listenTls(options: {
  listen: HostPort;
  authority: string;
  server: Credentials;
  clock: Clock;
  log: Log;
  makeServer(connections: Connections, of: 'proven' | 'strangers'): Server;
  strangerLifeMs?: number;
}): Promise<Result<TlsListener>> {
  const { listen, authority, clock, log } = options;
  const connections = new Map<string, Connection>();
  const tally = createTally(log, 'connections to the agents’ port were ended');
  const admission = createAdmission<Connection>(clock, tally.count);
  const allowances = createAllowances(clock);
  const end = ({ socket }: Connection, reason: string) => {
    tally.count(reason);
    socket.destroy();
  };

  const countCall = (connection: Connection): boolean => {
    if (connection.socket.destroyed) return false;
    const mayGoOn = connection.allowance.call();
    if (!mayGoOn) end(connection, 'they made too many calls');
    return mayGoOn;
  };

  const countBytes = (connection: Connection): boolean => {
    const mayGoOn = connection.allowance.sent(connection.socket.bytesRead);
    if (!mayGoOn) end(connection, 'they sent too much');
    return mayGoOn;
  };

  const seen: Connections = {
    trustOf: (call) => connections.get(nameOf(call.getConnectionInfo()))?.trust ?? 'no certificate',
    countCall(call) {
      const connection = connections.get(nameOf(call.getConnectionInfo()));
      return connection !== undefined && countCall(connection);
    },
  };
  const injectorOf = (of: 'proven' | 'strangers') =>
    options.makeServer(seen, of).createConnectionInjector(ServerCredentials.createInsecure());
  const injectors = { proven: injectorOf('proven'), strangers: injectorOf('strangers') };

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
  // Asked before there is a socket: of a thousand that come at once most cost no more than this.
  const gate = new (class extends BlockList {
    override check(address: string | SocketAddress): boolean {
      return !admission.mayCome(typeof address === 'string' ? address : address.address);
    }
  })();
  // Admitted before anything is done for TLS, which costs memory and time.
  const tcp = createTcpServer({ noDelay: true, blockList: gate }, (socket) => {
    socket.on('error', () => undefined);
    const name = nameOf(socket);
    const life = setTimeout(
      () => end(connection, 'they proved no identity in time'),
      options.strangerLifeMs ?? strangerLifeMs,
    );
    const connection: Connection = {
      address: socket.remoteAddress ?? '',
      socket,
      life,
      trust: 'no certificate',
      allowance: allowances.of('no certificate'),
      destroy: () => socket.destroy(),
    };
    socket.once('close', () => {
      clearTimeout(life);
      admission.leave(connection);
      connections.delete(name);
    });
    admission.admit(connection);
    connections.set(name, connection);
    if (admission.isKnown(connection.address)) tls.emit('connection', socket);
    else secureInTurn(connection);
  });

  tls.on('tlsClientError', (error, socket) => {
    tally.count('TLS was not set up');
    log.debug('a connection ended before TLS was set up', { from: socket.remoteAddress, reason: error.message });
    socket.destroy();
  });
  tls.on('secureConnection', (socket) => {
    socket.on('error', () => undefined);
    const connection = connections.get(nameOf(socket));
    if (connection === undefined || socket.alpnProtocol !== 'h2') return socket.destroy();
    const { raw } = socket.getPeerCertificate();
    const trust = raw ? identityOf(raw, authority, clock.nowMs()) : 'no certificate';
    connection.tls = socket;
    connection.trust = trust;
    connection.allowance = allowances.of(trust);
    if (typeof trust === 'string') return hearInTurn(connection);
    clearTimeout(connection.life);
    admission.prove(connection, trust.serial);
    // Connecting counts as a call, so that who has no more of them has no more connections either.
    if (!countCall(connection)) return;
    if (!makeRoom(connection, trust.serial, provenPerCertificateMax[trust.kind])) return;
    injectors.proven.injectConnection(socket);
  });

  const secureTurns = createTurns(clock, handshakeEveryMs);
  const secureInTurn = ({ socket }: Connection): void =>
    secureTurns(() => {
      if (socket.destroyed) return false;
      tls.emit('connection', socket);
      return true;
    });

  const hearTurns = createTurns(clock, strangerEveryMs);
  const hearInTurn = (connection: Connection): void =>
    hearTurns(() => {
      if (connection.tls === undefined || connection.socket.destroyed) return false;
      // All that has come while it waited its turn would be read at once.
      if (!countBytes(connection)) return false;
      injectors.strangers.injectConnection(connection.tls);
      return true;
    });

  const makeRoom = (connection: Connection, serial: string, ofOneMax: number): boolean => {
    const proven = [...connections.values()].filter(({ trust }) => typeof trust === 'object');
    const ofOne = proven.filter(({ trust }) => typeof trust === 'object' && trust.serial === serial);
    for (const oldest of ofOne.slice(0, Math.max(0, ofOne.length - ofOneMax)))
      end(oldest, 'too many of their certificate');
    if (proven.length <= provenMax) return true;
    end(connection, 'too many with certificates');
    return false;
  };

  const watch = setInterval(() => {
    for (const connection of connections.values()) countBytes(connection);
  }, lookEveryMs);
  watch.unref();

  try {
    await new Promise<void>((resolve, reject) => {
      tcp.once('error', reject);
      tcp.listen({ host: listen.host, port: listen.port }, () => {
        tcp.off('error', reject);
        resolve();
      });
    });
  } catch (error) {
    return fail('conflict', `${formatHostPort(listen)} cannot be listened on: ${(error as Error).message}`);
  }
  for (const server of [tcp, tls])
    server.on('error', (error) => log.error('the agents’ port has a problem', { reason: error.message }));

  return ok({
    address: { host: listen.host, port: (tcp.address() as { port: number }).port },
    know: admission.know,
    cut(serial) {
      admission.forget(serial);
      for (const { socket, trust } of connections.values())
        if (typeof trust === 'object' && trust.serial === serial) setTimeout(() => socket.destroy(), lastWordsMs);
    },
    renew: (server) => tls.setSecureContext(context(server)),
    close() {
      tcp.close();
      clearInterval(watch);
      tally.stop();
      for (const injector of Object.values(injectors)) injector.drain(1_000);
      for (const { socket, tls: secured } of connections.values())
        setTimeout(() => (secured ?? socket).destroy(), 2_000).unref();
    },
  });
}

/** Does one thing after another, with a pause after each that had anything to do. */
function createTurns(clock: Clock, pauseMs: number): (act: () => boolean) => void {
  let turn: Promise<void> = Promise.resolve();
  return (act) => {
    turn = turn.then(async () => {
      if (act()) await clock.sleep(pauseMs);
    });
  };
}
