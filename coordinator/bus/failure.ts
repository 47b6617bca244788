// The one translation of NATS errors into failures. What is no known error of the bus is a bug and is thrown on.
import { JetStreamApiCodes, JetStreamApiError, JetStreamError, jserrors } from '@nats-io/jetstream/internal';
import { errors } from '@nats-io/transport-node';
import { type Failure, failure } from '../../shared/failures.ts';

const wrongLast: number[] = [
  JetStreamApiCodes.StreamWrongLastSequence,
  JetStreamApiCodes.StreamWrongLastSequenceUnknown,
];

/** Someone else wrote first: the expected sequence or revision is no longer the last one. */
export function isConflict(error: unknown): boolean {
  return error instanceof JetStreamApiError && wrongLast.includes(error.code);
}

/** The failure behind an error of the bus; `what` names the thing that was asked for. */
export function busFailure(error: unknown, what: string): Failure {
  if (!(error instanceof Error)) throw new Error(`${what}: ${String(error)}`);
  if (isConflict(error)) return failure('conflict', `${what} was changed by someone else`, { retryable: true });
  if (error instanceof errors.AuthorizationError || error instanceof errors.PermissionViolationError)
    return failure('unauthorized', `${what}: ${error.message}`);
  if (error instanceof jserrors.StreamNotFoundError) return failure('not-found', `${what} does not exist`);
  if (error instanceof JetStreamApiError && /insufficient|resource|no space|store/i.test(error.message))
    return failure('no-space', `${what}: ${error.message}; free disk space under the coordinator's store`);
  if (error instanceof JetStreamApiError && error.status < 500)
    return failure('unexpected-output', `${what}: ${error.message}`);
  if (error instanceof errors.TimeoutError)
    return failure('timeout', `${what}: no answer from NATS in time`, { retryable: true });
  if (
    error instanceof errors.ConnectionError ||
    error instanceof errors.ClosedConnectionError ||
    error instanceof errors.RequestError ||
    error instanceof errors.NoRespondersError ||
    error instanceof errors.DrainingConnectionError ||
    error instanceof jserrors.JetStreamNotEnabled ||
    'code' in error
  )
    return failure('unreachable', `${what}: ${error.message}`, { retryable: true });
  if (error instanceof JetStreamError) return failure('unexpected-output', `${what}: ${error.message}`);
  throw error;
}
