// The operator's side of the Operator service: calls with deadlines, answers as documents, failures as values.
// It prints nothing and decides nothing.
import type { MessageInitShape } from '@bufbuild/protobuf';
import { Client, type ClientOptions, type ClientWritableStream, Metadata, type MethodDefinition } from '@grpc/grpc-js';
import { failure, ok, type Result } from '../../shared/failures.ts';
import { type Document, Operator } from '../../shared/gen/baton/v1/operator_pb.ts';
import { channelOptions, serviceDefinition } from '../../shared/rpc/service.ts';
import { minutes, seconds } from '../../shared/units.ts';
import type { Endpoint } from './address.ts';
import { explain } from './call-failure.ts';

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
    uploadRelease: <T>(parts: AsyncIterable<UploadPart>, timeoutMs: number) =>
      new Promise<Result<T>>((resolve) => {
        const { path, requestSerialize, responseDeserialize } = definition.uploadRelease;
        const answered = new AbortController();
        const call = client.makeClientStreamRequest(
          path,
          requestSerialize,
          responseDeserialize,
          metadata,
          { deadline: Date.now() + timeoutMs },
          (error, answer) => {
            answered.abort();
            resolve(error ? failed(error) : documentOf(answer));
          },
        );
        call.on('error', () => {}); // told by the callback
        void send(parts, call, answered.signal).catch((error: Error) => {
          resolve({ ok: false, failure: failure('bad-input', `the installer cannot be read: ${error.message}`) });
          call.cancel();
        });
      }),
    close: () => client.close(),
  };
}

/** Sends the parts; stops where the coordinator answers before it has seen all, because it refuses or has the file. */
async function send(
  parts: AsyncIterable<UploadPart>,
  sink: ClientWritableStream<unknown>,
  answered: AbortSignal,
): Promise<void> {
  for await (const part of parts) {
    if (answered.aborted) return;
    if (!sink.write(part)) await drained(sink, answered);
  }
  sink.end();
}

function drained(sink: ClientWritableStream<unknown>, answered: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      sink.off('drain', done);
      answered.removeEventListener('abort', done);
      resolve();
    };
    sink.once('drain', done);
    answered.addEventListener('abort', done, { once: true });
    if (answered.aborted) done();
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

/** How long the coordinator may take where it reads the nodes first. */
export const readingTimeoutMs = seconds(90);
