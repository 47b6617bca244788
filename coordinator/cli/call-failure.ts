// Why a call to the coordinator failed, in words that say what to do. What the coordinator itself said stays as it is.
import { type ServiceError, status } from '@grpc/grpc-js';
import { type Failure, failure } from '../../shared/failures.ts';
import { failureFromError } from '../../shared/rpc/status.ts';
import { type Endpoint, isRunning } from './address.ts';

/** The failure behind an error of a call; a broken connection is `unreachable`. */
export function explain(error: unknown, endpoint: Endpoint): Failure {
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
      ? isRunning
      : /self[- ]signed certificate|unable to (get|verify)/.test(details)
        ? `it is of another authority than your identity (${details}); BATON_IDENTITY names the identity`
        : details;
  return failure('unreachable', `no coordinator answers at ${endpoint.address}: ${reason}`, { retryable: true });
}
