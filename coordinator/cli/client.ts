// The operator's side of the Operator service: calls with deadlines, answers as documents, failures as values.
// It prints nothing and decides nothing.
import { userInfo } from 'node:os';
import type { MessageInitShape } from '@bufbuild/protobuf';
import { Client, type ClientOptions, Metadata, type MethodDefinition, type ServiceError, status } from '@grpc/grpc-js';
import { type Failure, failure, ok, type Result } from '../../shared/failures.ts';
import { type Document, Operator } from '../../shared/gen/baton/v1/operator_pb.ts';
import { channelOptions, serviceDefinition } from '../../shared/rpc/service.ts';
import { failureFromError } from '../../shared/rpc/status.ts';
import { minutes, seconds } from '../../shared/units.ts';
import type { Endpoint } from './address.ts';

type Methods = typeof Operator.method;
type NamesOf<Kind> = { [K in keyof Methods]: Methods[K]['methodKind'] extends Kind ? K : never }[keyof Methods];
export type CallName = NamesOf<'unary'>;
export type StreamName = NamesOf<'server_streaming'>;
type RequestOf<K extends keyof Methods> = MessageInitShape<Methods[K]['input']>;

export interface UploadPart {
  name?: string;
  sha256?: string;
  sizeBytes?: number;
  data?: Uint8Array;
}

export interface OperatorClient {
  address: string;
  call<T>(name: CallName, request: RequestOf<CallName>, timeoutMs?: number): Promise<Result<T>>;
  /** Hands over each document as it comes; a document is not read before the listener is done with the last one. */
  stream<T>(
    name: StreamName,
    request: RequestOf<StreamName>,
    listen: (document: T) => void | Promise<void>,
    timeoutMs?: number,
  ): Promise<Result<void>>;
  uploadRelease<T>(parts: AsyncIterable<UploadPart>, timeoutMs: number): Promise<Result<T>>;
  close(): void;
}

const definition = serviceDefinition(Operator) as Record<keyof Methods, MethodDefinition<unknown, Document>>;

const options: ClientOptions = {
  ...channelOptions,
  // Reports of long runs are larger than what agents may send.
  'grpc.max_receive_message_length': 64 * 1024 * 1024,
  'grpc.initial_reconnect_backoff_ms': 200,
  'grpc.min_reconnect_backoff_ms': 200,
  'grpc.max_reconnect_backoff_ms': 1_000,
};

/** A client of the coordinator at an endpoint; connecting happens at the first call. */
export function connectOperator(endpoint: Endpoint): OperatorClient {
  const client = new Client(endpoint.address, endpoint.credentials, options);
  const metadata = new Metadata();
  if (endpoint.isSocket) metadata.set('baton-operator', invokingUser());
  const failed = (error: unknown): Result<never> => ({ ok: false, failure: explain(error, endpoint) });

  return {
    address: endpoint.address,
    call: (name, request, timeoutMs = minutes(1)) =>
      new Promise((resolve) => {
        const { path, requestSerialize, responseDeserialize } = definition[name];
        client.makeUnaryRequest(
          path,
          requestSerialize,
          responseDeserialize,
          request,
          metadata,
          { deadline: Date.now() + timeoutMs },
          (error, answer) => resolve(error ? failed(error) : documentOf(answer)),
        );
      }),
    stream: async <T>(
      name: StreamName,
      request: unknown,
      listen: (document: T) => void | Promise<void>,
      timeoutMs?: number,
    ) => {
      const { path, requestSerialize, responseDeserialize } = definition[name];
      const deadline = timeoutMs === undefined ? {} : { deadline: Date.now() + timeoutMs };
      const call = client.makeServerStreamRequest(
        path,
        requestSerialize,
        responseDeserialize,
        request,
        metadata,
        deadline,
      );
      const messages = call[Symbol.asyncIterator]();
      for (;;) {
        let next: IteratorResult<Document>;
        try {
          next = (await messages.next()) as IteratorResult<Document>;
        } catch (error) {
          return failed(error);
        }
        if (next.done) return ok(undefined);
        const document = documentOf<T>(next.value);
        if (!document.ok) return document;
        await listen(document.value);
      }
    },
    uploadRelease: (parts, timeoutMs) =>
      new Promise((resolve) => {
        const { path, requestSerialize, responseDeserialize } = definition.uploadRelease;
        const call = client.makeClientStreamRequest(
          path,
          requestSerialize,
          responseDeserialize,
          metadata,
          { deadline: Date.now() + timeoutMs },
          (error, answer) => resolve(error ? failed(error) : documentOf(answer)),
        );
        call.on('error', () => {}); // told by the callback
        void send(parts, call).catch((error: Error) => {
          resolve({ ok: false, failure: failure('bad-input', error.message) });
          call.cancel();
        });
      }),
    close: () => client.close(),
  };
}

interface Sink {
  write(part: unknown): boolean;
  once(event: string, listener: () => void): unknown;
  off(event: string, listener: () => void): unknown;
  end(): void;
  writableEnded: boolean;
  destroyed: boolean;
}

async function send(parts: AsyncIterable<UploadPart>, sink: Sink): Promise<void> {
  for await (const part of parts) {
    if (sink.destroyed || sink.writableEnded) return;
    if (!sink.write(part)) await drained(sink);
  }
  sink.end();
}

/** Until the coordinator has taken more, or has ended the call. */
function drained(sink: Sink): Promise<void> {
  return new Promise((resolve) => {
    const events = ['drain', 'close', 'error', 'status'];
    const done = () => {
      for (const event of events) sink.off(event, done);
      resolve();
    };
    for (const event of events) sink.once(event, done);
  });
}

function documentOf<T>(message: Document | undefined): Result<T> {
  try {
    return ok(JSON.parse(message?.json ?? '') as T);
  } catch (cause) {
    return {
      ok: false,
      failure: failure('unexpected-output', `the coordinator's answer is no JSON document: ${String(cause)}`),
    };
  }
}

/** A broken connection says what to do about it; what the coordinator itself said stays as it is. */
function explain(error: unknown, endpoint: Endpoint): Failure {
  const found = error as ServiceError;
  if (found.metadata?.get('baton-failure-bin').length) return failureFromError(found);
  const details = found.details || found.message;
  switch (found.code) {
    case status.UNIMPLEMENTED:
      return failure(
        'unexpected-output',
        `the coordinator at ${endpoint.address} doesn't know this command; compare \`baton version\``,
      );
    case status.INTERNAL:
      // A connection that breaks in the middle of a call comes out as a reset stream.
      if (!/RST_STREAM/.test(details)) return failureFromError(found);
      return outOfReach(details, endpoint);
    case status.UNAVAILABLE:
    case status.CANCELLED:
      return outOfReach(details, endpoint);
    case status.DEADLINE_EXCEEDED:
      return failure(
        'timeout',
        `the coordinator at ${endpoint.address} didn't answer in time; see its log: journalctl -u baton-coordinator`,
        {
          retryable: true,
          evidence: details,
        },
      );
    default:
      return failureFromError(found);
  }
}

function outOfReach(details: string, endpoint: Endpoint): Failure {
  const reason = /EACCES|EPERM/.test(details)
    ? 'permission denied; join the group `baton`, or use sudo'
    : endpoint.isSocket && /ENOENT|ECONNREFUSED/.test(details)
      ? 'is it running (systemctl status baton-coordinator, or `baton coordinator`)? --address or BATON_ADDRESS names another'
      : details;
  return failure('unreachable', `no coordinator answers at ${endpoint.address}: ${reason}`, { retryable: true });
}

/** Who types: behind sudo the person, not root. Header values are ASCII. */
function invokingUser(): string {
  let name = process.env.SUDO_USER ?? '';
  try {
    name ||= userInfo().username;
  } catch {
    name ||= `uid ${process.getuid?.() ?? ''}`;
  }
  return name.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 64);
}

/** How long the coordinator may take where it reads the nodes first. */
export const readingTimeoutMs = seconds(90);
