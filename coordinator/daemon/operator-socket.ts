// The operator's unix socket: TLS with a client certificate as on the agents' port, so that a caller's name is proven; who
// may open the file at all is its group's. A socket that a dead coordinator left is replaced, one that answers is not.
import { execFile } from 'node:child_process';
import { constants } from 'node:crypto';
import { chmod, chown, mkdir, rm, stat, symlink } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { createServer, type TLSSocket } from 'node:tls';
import { promisify } from 'node:util';
import { Server, ServerCredentials, type UntypedServiceImplementation } from '@grpc/grpc-js';
import type { Clock } from '../../shared/clock.ts';
import { fail, ok, type Result } from '../../shared/failures.ts';
import { Operator } from '../../shared/gen/baton/v1/operator_pb.ts';
import type { Log } from '../../shared/log.ts';
import { coordinatorTlsName, serviceDefinition } from '../../shared/rpc/service.ts';
import type { Credentials } from '../../shared/security/certificates.ts';
import { identityOf } from '../../shared/security/identity.ts';
import { identityBeside } from '../../shared/security/identity-file.ts';
import { checkAccess } from '../access/access.ts';
import { hardenServer } from '../access/harden-server.ts';
import type { Operators } from '../access/operators.ts';
import type { Connections } from '../access/tls-listener.ts';
import type { Audit } from '../audit/audit.ts';
import type { Revocations } from '../fleet/revocations.ts';
import { serverOptions } from './agents-port.ts';
import { openServerCertificate } from './server-certificate.ts';
import type { Authority } from './state-files.ts';

const handshakeTimeoutMs = 5_000;

export interface OperatorSocket {
  /** Ends calls and removes the socket. */
  close(): Promise<void>;
}

export interface OperatorSocketParts {
  path: string;
  /** File with the identity of root: what lies beside the socket leads there. */
  identity?: string;
  group: string;
  operator: UntypedServiceImplementation;
  authority: Authority;
  revocations: Pick<Revocations, 'has' | 'onRevoked'>;
  operators: Pick<Operators, 'roleOf'>;
  audit: Audit;
  clock: Clock;
  log: Log;
}

/** Listens; 0660 for the group where it exists, 0600 otherwise. */
export async function openOperatorSocket(parts: OperatorSocketParts): Promise<Result<OperatorSocket>> {
  const { path, group, operator, authority, revocations, operators, audit, clock, log } = parts;
  const certificate = await openServerCertificate(authority, [coordinatorTlsName], clock, log);
  if (!certificate.ok) return certificate;

  const connections: Connections = {
    trustOf(call) {
      // Only one that is of our authority and in force comes with its certificate.
      const { raw } = call.getAuthContext().sslPeerCertificate ?? {};
      return raw ? identityOf(raw, authority.certificate, clock.nowMs()) : 'no certificate';
    },
    countCall: () => true,
  };
  const nowMs = clock.nowMs;
  const access = checkAccess({ connections, revocations, operators, nowMs, audit, from: 'socket' });
  revocations.onRevoked((serial, { kind, name }) =>
    access.end(serial, `the certificate of ${kind} ${name} was revoked`),
  );
  const resets = { burst: 1_000, perSecond: 33 };
  const server = hardenServer(new Server({ ...serverOptions, interceptors: [access.interceptor] }), resets);
  server.addService(serviceDefinition(Operator), operator);
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());

  const context = ({ certificate: own, key }: Credentials) => ({
    ca: authority.certificate,
    cert: own + authority.certificate,
    key,
    minVersion: 'TLSv1.3' as const,
    // A resumed connection would show no certificate again.
    secureOptions: constants.SSL_OP_NO_TICKET,
  });
  const tls = createServer({
    ...context(certificate.value.now),
    requestCert: true,
    // Who has none is told so, instead of finding a closed door.
    rejectUnauthorized: false,
    ALPNProtocols: ['h2'],
    handshakeTimeout: handshakeTimeoutMs,
  });
  const open = new Set<Socket>();
  tls.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
  });
  tls.on('tlsClientError', (error, socket) => {
    log.debug('a connection ended before TLS was set up', { from: 'socket', reason: error.message });
    socket.destroy();
  });
  tls.on('secureConnection', (socket: TLSSocket) => {
    socket.on('error', () => undefined);
    if (socket.alpnProtocol === 'h2') injector.injectConnection(socket);
    else socket.destroy();
  });
  const stopRenewing = certificate.value.renew((newer) => tls.setSecureContext(context(newer)));
  const end = async () => {
    stopRenewing();
    tls.close();
    server.forceShutdown();
    injector.destroy();
    for (const socket of open) socket.destroy();
  };

  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o755 });
    if (await answers(path)) {
      await end();
      return fail('conflict', `${path} is answered by another coordinator; stop that one first`);
    }
    await rm(path, { force: true });
    // Before the socket: who finds that finds both.
    if (parts.identity !== undefined) {
      await rm(identityBeside(path), { force: true });
      await symlink(parts.identity, identityBeside(path));
    }
    await new Promise<void>((resolve, reject) => {
      tls.once('error', reject);
      tls.listen(path, () => {
        tls.off('error', reject);
        resolve();
      });
    });
    await permit(path, group, log);
  } catch (error) {
    await end();
    return fail('bad-input', `${path} cannot be listened on: ${(error as Error).message}`);
  }
  tls.on('error', (error) => log.error('the operator’s socket has a problem', { reason: error.message }));
  return ok({
    async close() {
      await end();
      await rm(path, { force: true });
    },
  });
}
/** The group first: until then only the owner may connect. */
async function permit(path: string, group: string, log: Log): Promise<void> {
  const id = await groupId(group);
  if (id === undefined) {
    await chmod(path, 0o600);
    return void log.warn('only root may use the operator’s socket: there is no such group', { group });
  }
  if ((await stat(path)).gid !== id) await chown(path, process.getuid?.() ?? 0, id);
  await chmod(path, 0o660);
}

async function groupId(group: string): Promise<number | undefined> {
  try {
    const { stdout } = await promisify(execFile)('getent', ['group', group]);
    const id = Number(stdout.split(':')[2]);
    return Number.isInteger(id) ? id : undefined;
  } catch {
    return undefined;
  }
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const end = (result: boolean) => {
      socket.destroy();
      resolve(result);
    };
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
  });
}
