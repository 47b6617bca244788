// Who makes a call. The interceptors of access.ts write it into the call's metadata, where handlers read it; what a
// client writes there itself is removed.
import type { Metadata } from '@grpc/grpc-js';
import type { OperatorRole } from './roles.ts';

export interface Caller {
  kind: 'node' | 'operator' | 'anyone';
  /** Of the node or operator; empty for anyone. */
  name: string;
  /** Of the certificate; empty for anyone. */
  serial: string;
  /** Where from: address and port, or `socket`. */
  from: string;
  /** Of an operator, at the time of the call. */
  role?: OperatorRole;
}

const key = 'baton-caller';

export function setCaller(metadata: Metadata, caller: Caller): void {
  metadata.remove(key);
  metadata.set(key, JSON.stringify(caller));
}

/** Who makes the call; throws where no interceptor has said so. */
export function callerOf(metadata: Metadata): Caller {
  const value = metadata.get(key)[0];
  if (typeof value !== 'string') throw new Error('a call came past the access check');
  return JSON.parse(value) as Caller;
}

/** For logs and events. */
export function describeCaller(caller: Caller): string {
  return caller.kind === 'anyone' ? caller.from : `${caller.kind} ${caller.name}`;
}
