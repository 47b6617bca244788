// Failures over gRPC: one status each way. The whole failure travels in the trailer, the status is for other clients.
import { Metadata, type ServiceError, type StatusObject, status } from '@grpc/grpc-js';
import { type Failure, type FailureCode, failure, failureCodes } from '../failures.ts';

const trailer = 'baton-failure-bin';
/** Far below what fits into a header. */
const messageMax = 8_192;

const statusOfCode: Record<FailureCode, status> = {
  'bad-input': status.INVALID_ARGUMENT,
  'not-found': status.NOT_FOUND,
  conflict: status.ALREADY_EXISTS,
  'refused-by-policy': status.PERMISSION_DENIED,
  'refused-old-epoch': status.FAILED_PRECONDITION,
  'refused-on-hold': status.FAILED_PRECONDITION,
  'refused-busy': status.FAILED_PRECONDITION,
  'refused-key': status.FAILED_PRECONDITION,
  'restored-state': status.DATA_LOSS,
  unauthorized: status.UNAUTHENTICATED,
  unreachable: status.UNAVAILABLE,
  timeout: status.DEADLINE_EXCEEDED,
  'command-failed': status.ABORTED,
  'command-killed': status.ABORTED,
  'checksum-mismatch': status.DATA_LOSS,
  'not-in-state': status.FAILED_PRECONDITION,
  'unexpected-output': status.UNKNOWN,
  'no-space': status.RESOURCE_EXHAUSTED,
  lost: status.UNKNOWN,
  damaged: status.DATA_LOSS,
  internal: status.INTERNAL,
};

/** The status that tells a failure to a client. */
export function failureToStatus(value: Failure): Partial<StatusObject> & { code: status; details: string } {
  const metadata = new Metadata();
  const message = value.message.slice(0, messageMax);
  metadata.set(trailer, Buffer.from(JSON.stringify({ ...value, message, evidence: value.evidence.slice(-2048) })));
  return { code: statusOfCode[value.code], details: value.message.slice(0, 1024), metadata };
}

/** The failure behind an error of a call. */
export function failureFromError(error: ServiceError): Failure {
  const bytes = error.metadata?.get(trailer)[0];
  if (Buffer.isBuffer(bytes)) {
    const value = JSON.parse(bytes.toString()) as Failure;
    if (value.code in failureCodes) return value;
  }
  switch (error.code) {
    case status.UNAVAILABLE:
      return failure('unreachable', error.details || error.message, { retryable: true });
    case status.DEADLINE_EXCEEDED:
      return failure('timeout', error.details || error.message, { retryable: true });
    case status.UNAUTHENTICATED:
    case status.PERMISSION_DENIED:
      return failure('unauthorized', error.details);
    case status.INVALID_ARGUMENT:
      return failure('bad-input', error.details);
    default:
      return failure('internal', error.details || error.message);
  }
}
