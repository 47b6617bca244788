// An Operator service that answers what a test tells it to: the edge at which the command line is tested with a real
// socket, the real bridge and real processes.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import {
  Server,
  ServerCredentials,
  type ServerReadableStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { execa } from 'execa';
import { writeIdentity } from '../../../coordinator/daemon/root-identity.ts';
import { type Failure, failure, failureCodes } from '../../../shared/failures.ts';
import { Operator } from '../../../shared/gen/baton/v1/operator_pb.ts';
import { channelOptions, coordinatorTlsName, serviceDefinition } from '../../../shared/rpc/service.ts';
import { failureToStatus } from '../../../shared/rpc/status.ts';
import { createAuthority, issueServerCredentials } from '../../../shared/security/certificates.ts';
import { identityBeside } from '../../../shared/security/identity-file.ts';

type Request = Record<string, unknown>;
type Answer = object | Failure;
/** What the service answers; a stream's documents come from an async generator. */
export interface Answers {
  [method: string]: (request: Request, user: string) => Answer | AsyncIterable<object> | Promise<Answer>;
}

export interface FakeOperator {
  socketPath: string;
  calls: { method: string; request: Request; user: string }[];
  uploaded: Buffer;
  refusesUploads?: Failure;
  /** Ends the server as a kill would: connections break in the middle of what they carry. */
  kill(): void;
  start(): Promise<void>;
  remove(): Promise<void>;
}

const isFailure = (value: object): value is Failure => 'code' in value && String(value.code) in failureCodes;

/** A service on a socket of its own, answering until it is removed. */
export async function fakeOperator(answers: Answers): Promise<FakeOperator> {
  const directory = await mkdtemp(join(tmpdir(), 'baton-cli-'));
  const socketPath = join(directory, 'operator.sock');
  const authority = await createAuthority('test', Date.now());
  const own = await issueServerCredentials(authority, [coordinatorTlsName], Date.now());
  // As root’s on the machine of a coordinator, so that commands find it by themselves.
  await writeIdentity(identityBeside(socketPath), authority, 'alice', Date.now());
  const credentials = ServerCredentials.createSsl(
    Buffer.from(authority.certificate),
    [{ private_key: Buffer.from(own.key), cert_chain: Buffer.from(own.certificate) }],
    true,
  );
  let server = new Server(channelOptions);
  const fake: FakeOperator = {
    socketPath,
    calls: [],
    uploaded: Buffer.alloc(0),
    kill: () => server.forceShutdown(),
    start: async () => {
      await rm(socketPath, { force: true });
      server = new Server(channelOptions);
      server.addService(serviceDefinition(Operator), implementation(fake, answers));
      await new Promise<void>((done, refuse) =>
        server.bindAsync(`unix:${socketPath}`, credentials, (error) => (error ? refuse(error) : done())),
      );
    },
    remove: async () => {
      server.forceShutdown();
      await rm(directory, { recursive: true, force: true });
    },
  };
  await fake.start();
  return fake;
}

export function implementation(
  fake: Pick<FakeOperator, 'calls' | 'uploaded' | 'refusesUploads'>,
  answers: Answers,
): UntypedServiceImplementation {
  const answer = async (method: string, request: Request, user: string) => {
    fake.calls.push({ method, request, user });
    return (await answers[method]?.(request, user)) ?? failure('internal', `the test has no answer for ${method}`);
  };
  const handlers: UntypedServiceImplementation = {};
  for (const method of Operator.methods) {
    const name = method.localName;
    if (method.methodKind === 'unary')
      handlers[name] = (call: ServerUnaryCall<Request, object>, reply: sendUnaryData<object>) => {
        void answer(name, call.request, userOf(call)).then((value) =>
          isFailure(value) ? reply(failureToStatus(value)) : reply(null, { json: JSON.stringify(value) }),
        );
      };
    else if (method.methodKind === 'server_streaming')
      handlers[name] = async (call: ServerWritableStream<Request, object>) => {
        const value = await answer(name, call.request, userOf(call));
        if (!(Symbol.asyncIterator in value)) return call.emit('error', failureToStatus(value as Failure));
        for await (const document of value as AsyncIterable<object>) {
          if (call.cancelled) return;
          call.write({ json: JSON.stringify(document) });
        }
        call.end();
      };
    else
      handlers[name] = async (call: ServerReadableStream<Request, object>, reply: sendUnaryData<object>) => {
        const parts: Buffer[] = [];
        let head: Request = {};
        for await (const part of call as AsyncIterable<Request>) {
          if (part.name) head = part;
          // Refused at its head, before its bytes are read.
          if (fake.refusesUploads) return reply(failureToStatus(fake.refusesUploads));
          parts.push(Buffer.from(part.data as Uint8Array));
        }
        fake.uploaded = Buffer.concat(parts);
        const value = await answer(name, head, userOf(call));
        if (isFailure(value)) reply(failureToStatus(value));
        else reply(null, { json: JSON.stringify(value) });
      };
  }
  return handlers;
}

/** As the certificate says it. */
const userOf = (call: Pick<ServerUnaryCall<unknown, unknown>, 'getAuthContext'>): string =>
  String(call.getAuthContext().sslPeerCertificate?.subject.CN ?? '');

export interface Ended {
  exitCode: number;
  stdout: string;
  stderr: string;
}

export const mainPath = resolve(import.meta.dirname, '../../../coordinator/main.ts');

/** `baton WORDS` as a process without a terminal. */
export async function baton(socketPath: string, words: string[], env: Record<string, string> = {}): Promise<Ended> {
  const ended = await execa(process.execPath, [mainPath, ...words], {
    env: { BATON_ADDRESS: `unix:${socketPath}`, NO_COLOR: '', HOME: '/nonexistent', BATON_IDENTITY: '', ...env },
    reject: false,
    stdin: 'ignore',
    timeout: 60_000,
  });
  return { exitCode: ended.exitCode ?? -1, stdout: ended.stdout, stderr: ended.stderr };
}
