// From handlers that take a request and give a document or a failure to the calls of grpc-js. Nothing else is here.
import type {
  ServerReadableStream,
  ServerUnaryCall,
  ServerWritableStream,
  sendUnaryData,
  UntypedHandleCall,
} from '@grpc/grpc-js';
import { type Failure, failure, type Result } from '../../shared/failures.ts';
import type { Log } from '../../shared/log.ts';
import { failureToStatus } from '../../shared/rpc/status.ts';
import { callerOf } from '../access/caller.ts';
import type { OperatorRole } from '../access/roles.ts';

/** Who asks, and whether still somebody waits for the answer. */
export interface Asking {
  operator: string;
  role: OperatorRole;
  signal: AbortSignal;
}

type Json = { json: string };
const toDocument = (document: object): Json => ({ json: JSON.stringify(document) });

const bug = (log: Log, error: unknown): Failure => {
  log.error('a bug ended a call', { reason: error instanceof Error ? error.stack : String(error) });
  return failure('internal', error instanceof Error ? error.message : String(error));
};

type AnyCall = Pick<ServerUnaryCall<unknown, Json>, 'metadata'> & NodeJS.EventEmitter;

const askingOf = (call: AnyCall): Asking => {
  const controller = new AbortController();
  call.on('cancelled', () => controller.abort());
  const { name, role = 'viewer' } = callerOf(call.metadata);
  return { operator: name, role, signal: controller.signal };
};

/** One document for one request. */
export function unary<Request>(
  log: Log,
  act: (request: Request, asking: Asking) => Promise<Result<object>>,
): UntypedHandleCall {
  return (call: ServerUnaryCall<Request, Json>, answer: sendUnaryData<Json>) => {
    act(call.request, askingOf(call))
      .catch((error: unknown): Result<object> => ({ ok: false, failure: bug(log, error) }))
      .then((result) => {
        if (result.ok) answer(null, toDocument(result.value));
        else answer(failureToStatus(result.failure));
      })
      .catch((error: unknown) => bug(log, error));
  };
}

/** Tells a document; resolves when there is room for the next one, rejects never. */
export type Tell = (document: object) => Promise<void>;

/** Documents as they come, until `act` is done. */
export function serverStream<Request>(
  log: Log,
  act: (request: Request, asking: Asking, tell: Tell) => Promise<Result<void>>,
): UntypedHandleCall {
  return (call: ServerWritableStream<Request, Json>) => {
    const asking = askingOf(call);
    const tell: Tell = async (document) => {
      if (asking.signal.aborted || call.write(toDocument(document))) return;
      await new Promise<void>((resolve) => {
        call.once('drain', resolve);
        asking.signal.addEventListener('abort', () => resolve(), { once: true });
      });
    };
    act(call.request, asking, tell)
      .catch((error: unknown): Result<void> => ({ ok: false, failure: bug(log, error) }))
      .then((result) => {
        if (result.ok) call.end();
        else call.emit('error', failureToStatus(result.failure));
      })
      .catch((error: unknown) => bug(log, error));
  };
}

/** One document for a stream of parts. */
export function clientStream<Part>(
  log: Log,
  act: (parts: AsyncIterable<Part>, asking: Asking) => Promise<Result<object>>,
): UntypedHandleCall {
  return (call: ServerReadableStream<Part, Json>, answer: sendUnaryData<Json>) => {
    act(call, askingOf(call))
      .catch((error: unknown): Result<object> => ({ ok: false, failure: bug(log, error) }))
      .then((result) => {
        if (result.ok) answer(null, toDocument(result.value));
        else answer(failureToStatus(result.failure));
      })
      .catch((error: unknown) => bug(log, error));
  };
}
