// A coordinator as small as can be, for tests of the agent: real gRPC over mutual TLS, what it says is up to the test.
import { randomUUID } from 'node:crypto';
import type { MessageInitShape } from '@bufbuild/protobuf';
import {
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type ServerWritableStream,
} from '@grpc/grpc-js';
import type { Action, Answer } from '../../../shared/actions/action.ts';
import { actionToWire, answerFromWire } from '../../../shared/actions/wire.ts';
import { type Failure, failure } from '../../../shared/failures.ts';
import {
  type Chunk,
  Enrolment,
  type FetchRequest,
  Fleet,
  type FromAgent,
  type Heartbeat,
  type Hello,
  type JoinRequest,
  KeyStatus,
  type Progress,
  type ToAgentSchema,
} from '../../../shared/gen/baton/v1/fleet_pb.ts';
import { formatKey, type Key } from '../../../shared/key.ts';
import type { Outcome } from '../../../shared/outcome.ts';
import { failureFromWire, keyFromWire, keyToWire, outcomeFromWire } from '../../../shared/rpc/outcome-wire.ts';
import { channelOptions, coordinatorTlsName, serviceDefinition } from '../../../shared/rpc/service.ts';
import { failureToStatus } from '../../../shared/rpc/status.ts';
import {
  type Credentials,
  createAuthority,
  issueFromRequest,
  issueServerCredentials,
  pinOf,
} from '../../../shared/security/certificates.ts';

type Stream = ServerDuplexStream<FromAgent, MessageInitShape<typeof ToAgentSchema>>;
type ToAgentInit = NonNullable<MessageInitShape<typeof ToAgentSchema>['kind']>;

const statusNames = new Map<number, string>(
  Object.entries(KeyStatus).map(([name, value]) => [value, name.toLowerCase()]),
);

export interface Heard {
  hellos: Hello[];
  heartbeats: Heartbeat[];
  outcomes: { key: string; outcome: Outcome }[];
  progress: Progress[];
}

export interface ToldKeyState {
  status: string;
  outcome?: Outcome;
  failure?: Failure;
}

export interface TestCoordinator {
  address: string;
  pin: string;
  authority: Credentials;
  token: string;
  heard: Heard;
  /** Bytes of releases by SHA-256; `cutAt` ends the next fetch after so many bytes. */
  releases: Map<string, Uint8Array>;
  fetches: { offset: number }[];
  cutAt: number | undefined;
  isConnected(): boolean;
  put(message: ToAgentInit): void;
  command(
    key: Key,
    action: Action,
    more?: { epoch?: number; sequence?: number; timeoutMs?: number; hash?: string },
  ): void;
  ask(key: Key, epoch?: number): Promise<ToldKeyState>;
  settle(key: Key, epoch?: number): Promise<ToldKeyState>;
  read(action: Action, timeoutMs?: number): Promise<{ answer?: Answer; failure?: Failure; commands: string[] }>;
  outcomeOf(key: Key, withinMs?: number): Promise<Outcome>;
  /** Of the welcome. */
  epoch: number;
  /** Does not answer heartbeats any more. */
  isSilent: boolean;
  drop(): void;
  stop(): Promise<void>;
}

/** Waits until `look` answers something. */
export async function waitFor<T>(what: string, look: () => T | undefined | false, withinMs = 10_000): Promise<T> {
  const until = performance.now() + withinMs;
  for (;;) {
    const found = look();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > until) throw new Error(`waited ${withinMs} ms in vain: ${what}`);
    await new Promise((done) => setTimeout(done, 10));
  }
}

export async function startTestCoordinator(host = '127.0.0.1', authority?: Credentials): Promise<TestCoordinator> {
  const ours = authority ?? (await createAuthority('test', Date.now()));
  const credentials = await issueServerCredentials(ours, [coordinatorTlsName, host], Date.now());
  const server = new Server(channelOptions);
  const heard: Heard = { hellos: [], heartbeats: [], outcomes: [], progress: [] };
  const keyStates = new Map<string, ToldKeyState[]>();
  const answers = new Map<string, { answer?: Answer; failure?: Failure; commands: string[] }>();
  let stream: Stream | undefined;
  const keyMessage = (key: Key) => keyToWire(key);
  const nextState = async (key: Key) => {
    const name = formatKey(key);
    await waitFor(`a state of ${name}`, () => (keyStates.get(name)?.length ?? 0) > 0, 40_000);
    return keyStates.get(name)?.shift() ?? { status: '' };
  };

  const hear = (call: Stream, { kind }: FromAgent) => {
    switch (kind.case) {
      case 'hello':
        heard.hellos.push(kind.value);
        stream = call;
        call.write({ kind: { case: 'welcome', value: { epoch: coordinator.epoch, coordinator: 'test' } } });
        break;
      case 'heartbeat':
        heard.heartbeats.push(kind.value);
        if (!coordinator.isSilent)
          call.write({
            kind: {
              case: 'heartbeatSeen',
              value: { agentClockMs: kind.value.clockMs, coordinatorClockMs: Date.now() },
            },
          });
        break;
      case 'outcome': {
        const key = keyFromWire(kind.value.key);
        if (key) heard.outcomes.push({ key: formatKey(key), outcome: outcomeFromWire(kind.value) });
        break;
      }
      case 'progress':
        heard.progress.push(kind.value);
        break;
      case 'keyState': {
        const key = keyFromWire(kind.value.key);
        if (key === undefined) break;
        const list = keyStates.get(formatKey(key)) ?? [];
        const outcome = kind.value.outcome && outcomeFromWire(kind.value.outcome);
        list.push({
          status: statusNames.get(kind.value.status) ?? '',
          ...(outcome ? { outcome } : {}),
          ...(kind.value.failure ? { failure: failureFromWire(kind.value.failure) } : {}),
        });
        keyStates.set(formatKey(key), list);
        break;
      }
      case 'readAnswer': {
        const { id, answer, failure: failed, commands } = kind.value;
        const known = answerFromWire(answer);
        answers.set(id, {
          commands,
          ...(known ? { answer: known } : {}),
          ...(failed ? { failure: failureFromWire(failed) } : {}),
        });
        break;
      }
      case undefined:
        throw new Error('the agent said something that has no meaning');
    }
  };

  server.addService(serviceDefinition(Fleet), {
    connect(call: Stream) {
      call.on('data', (message: FromAgent) => hear(call, message));
      call.on('end', () => call.end());
      call.on('error', () => {});
      call.on('close', () => {
        if (stream === call) stream = undefined;
      });
    },
    fetchRelease(call: ServerWritableStream<FetchRequest, Partial<Chunk>>) {
      const { sha256, offsetBytes } = call.request;
      coordinator.fetches.push({ offset: offsetBytes });
      const data = coordinator.releases.get(sha256);
      if (data === undefined) return call.emit('error', failureToStatus(failure('not-found', `no release ${sha256}`)));
      const end = Math.min(data.length, coordinator.cutAt ?? data.length);
      for (let at = offsetBytes; at < end; at += 65_536)
        call.write({ offsetBytes: at, data: data.subarray(at, Math.min(at + 65_536, end)) });
      if (end === data.length) return call.end();
      coordinator.cutAt = undefined;
      return call.emit('error', failureToStatus(failure('unreachable', 'cut by the test')));
    },
  } as never);
  server.addService(serviceDefinition(Enrolment), {
    async join(call: ServerUnaryCall<JoinRequest, unknown>, done: (error: unknown, answer?: unknown) => void) {
      const { token, name, signingRequest } = call.request;
      if (token !== coordinator.token)
        return done(failureToStatus(failure('unauthorized', 'the token was used already')));
      coordinator.token = randomUUID();
      const issued = await issueFromRequest(ours, signingRequest, 'node', name, Date.now());
      if (!issued.ok) return done(failureToStatus(issued.failure));
      return done(null, {
        node: name,
        clusterRole: 'master',
        certificate: issued.value.certificate,
        authority: ours.certificate,
        coordinators: [coordinator.address],
      });
    },
  } as never);

  const port = await new Promise<number>((resolve, reject) => {
    const pair = {
      private_key: Buffer.from(credentials.key),
      cert_chain: Buffer.from(credentials.certificate + ours.certificate),
    };
    const secure = ServerCredentials.createSsl(Buffer.from(ours.certificate), [pair], false);
    server.bindAsync(`${host}:0`, secure, (error, bound) => (error ? reject(error) : resolve(bound)));
  });

  const coordinator: TestCoordinator = {
    address: `${host}:${port}`,
    pin: pinOf(ours.certificate),
    authority: ours,
    token: randomUUID(),
    heard,
    releases: new Map(),
    fetches: [],
    cutAt: undefined,
    epoch: 0,
    isSilent: false,
    isConnected: () => stream !== undefined,
    put(kind) {
      stream?.write({ kind });
    },
    command(key, action, { epoch = 1, sequence = 1, hash = `h${sequence}`, timeoutMs = 20_000 } = {}) {
      this.put({
        case: 'command',
        value: { key: keyMessage(key), epoch, head: { sequence, hash }, action: actionToWire(action), timeoutMs },
      });
    },
    async ask(key, epoch = 1) {
      this.put({ case: 'ask', value: { key: keyMessage(key), epoch } });
      return await nextState(key);
    },
    async settle(key, epoch = 1) {
      this.put({ case: 'settle', value: { key: keyMessage(key), epoch, head: { sequence: 1, hash: 'h1' } } });
      return await nextState(key);
    },
    async read(action, timeoutMs = 10_000) {
      const id = randomUUID();
      this.put({ case: 'read', value: { id, action: actionToWire(action), timeoutMs } });
      return await waitFor(`an answer to ${action.kind}`, () => answers.get(id), timeoutMs + 5000);
    },
    async outcomeOf(key, withinMs = 20_000) {
      const name = formatKey(key);
      return (await waitFor(`an outcome of ${name}`, () => heard.outcomes.find((one) => one.key === name), withinMs))
        .outcome;
    },
    drop() {
      stream?.end();
      stream = undefined;
    },
    async stop() {
      server.forceShutdown();
    },
  };
  return coordinator;
}
