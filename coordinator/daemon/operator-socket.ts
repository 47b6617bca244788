// The operator's unix socket: who may open the file may operate. A socket that a dead coordinator left is replaced, one
// that answers is not.
import { execFile } from 'node:child_process';
import { chmod, chown, mkdir, rm, stat } from 'node:fs/promises';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import { Server, ServerCredentials, type UntypedServiceImplementation } from '@grpc/grpc-js';
import { fail, ok, type Result } from '../../shared/failures.ts';
import { Operator } from '../../shared/gen/baton/v1/operator_pb.ts';
import type { Log } from '../../shared/log.ts';
import { serviceDefinition } from '../../shared/rpc/service.ts';
import { localAccess } from '../access/access.ts';
import { hardenServer } from '../access/harden-server.ts';
import { serverOptions } from './agents-port.ts';

export interface OperatorSocket {
  /** Ends calls and removes the socket. */
  close(): Promise<void>;
}

/** Listens; 0660 for the group where it exists, 0600 otherwise. */
export async function openOperatorSocket(parts: {
  path: string;
  group: string;
  operator: UntypedServiceImplementation;
  log: Log;
}): Promise<Result<OperatorSocket>> {
  const { path, group, operator, log } = parts;
  const resets = { burst: 1_000, perSecond: 33 };
  const server = hardenServer(new Server({ ...serverOptions, interceptors: [localAccess] }), resets);
  server.addService(serviceDefinition(Operator), operator);
  try {
    await mkdir(dirname(path), { recursive: true, mode: 0o755 });
    if (await answers(path)) return fail('conflict', `${path} is answered by another coordinator; stop that one first`);
    await rm(path, { force: true });
    await new Promise<void>((resolve, reject) =>
      server.bindAsync(`unix:${path}`, ServerCredentials.createInsecure(), (error) =>
        error ? reject(error) : resolve(),
      ),
    );
    await permit(path, group, log);
  } catch (error) {
    server.forceShutdown();
    return fail('bad-input', `${path} cannot be listened on: ${(error as Error).message}`);
  }
  return ok({
    async close() {
      server.forceShutdown();
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
