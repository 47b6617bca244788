// Which call is for whom. Deciding is pure; the interceptor carries it out, logs and audits each refusal with its reason.
import { ServerInterceptingCall, type ServerInterceptingCallInterface, type ServerInterceptor } from '@grpc/grpc-js';
import { failure } from '../../shared/failures.ts';
import { Enrolment, Fleet } from '../../shared/gen/baton/v1/fleet_pb.ts';
import { Operator } from '../../shared/gen/baton/v1/operator_pb.ts';
import { failureToStatus } from '../../shared/rpc/status.ts';
import type { Identity, Mistrust } from '../../shared/security/identity.ts';
import type { Audit } from '../audit/audit.ts';
import type { Revocations } from '../fleet/revocations.ts';
import { type Caller, describeCaller, setCaller } from './caller.ts';
import type { Operators } from './operators.ts';
import { type OperatorRole, refusalOfCall } from './roles.ts';
import type { Connections } from './tls-listener.ts';

/** What a connection's certificate proves. */
export type Trust = Identity | Mistrust | 'no certificate';

/** What is known of certificates besides what they say themselves. */
export interface Known {
  isRevoked(serial: string): boolean;
  roleOf(name: string, serial: string): OperatorRole | undefined;
}

/** Why a call is refused; undefined when it may go on. `path` is `/package.Service/Method`. */
export function refusalOf(trust: Trust, path: string, nowMs: number, known: Known): string | undefined {
  const [, service, name = ''] = path.split('/');
  if (service === Enrolment.typeName) return undefined;
  if (trust === 'no certificate') return 'no client certificate was shown';
  if (typeof trust === 'string') return `its certificate is not accepted: ${trust}`;
  const whose = `the certificate of ${trust.kind} ${trust.name}`;
  if (known.isRevoked(trust.serial)) return `${whose} was revoked`;
  if (nowMs > trust.validToMs) return `${whose} has expired`;
  const allowed = trust.kind === 'node' ? Fleet.typeName : Operator.typeName;
  if (service !== allowed) return `${whose} is not for this call`;
  if (trust.kind === 'node') return undefined;
  const role = known.roleOf(trust.name, trust.serial);
  return role === undefined
    ? `${whose} is not the one that is known of that name; an admin issues another: baton operator add ${trust.name}`
    : refusalOfCall(role, name);
}

export interface AccessOptions {
  /** What the connection of a call has proved when it was made, and how many calls it has made. */
  connections: Connections;
  revocations: Pick<Revocations, 'has'>;
  operators: Pick<Operators, 'roleOf'>;
  nowMs(): number;
  audit: Audit;
  /** Where callers come from, where that is not an address. */
  from?: string;
}

/** Open calls by certificate, so that revoking one ends them. */
export interface OpenCalls {
  interceptor: ServerInterceptor;
  /** Ends every open call of a certificate. */
  end(serial: string, reason: string): void;
}

/** The check of every call, through whichever door it comes. */
export function checkAccess(options: AccessOptions): OpenCalls {
  const { connections, revocations, operators, audit } = options;
  const open = new Map<ServerInterceptingCallInterface, string>();
  const known: Known = { isRevoked: revocations.has, roleOf: operators.roleOf };

  const interceptor: ServerInterceptor = (method, call) => {
    const trust = connections.trustOf(call);
    // Its connection is being cut: whatever else came in the same breath costs no more than this.
    if (!connections.countCall(call)) return new ServerInterceptingCall(call, { start: () => undefined });
    const from = options.from ?? call.getPeer();
    return new ServerInterceptingCall(call, {
      start(next) {
        next({
          onReceiveMetadata(metadata, pass) {
            const caller = callerOf(trust, from, operators);
            const reason = refusalOf(trust, method.path, options.nowMs(), known);
            if (reason !== undefined) {
              const who = caller.kind === 'anyone' ? caller.from : `${describeCaller(caller)} at ${caller.from}`;
              const { serial } = caller;
              audit.record({ who, serial, what: method.path.slice(1), detail: reason, outcome: 'refused' });
              call.sendStatus(failureToStatus(failure('unauthorized', reason)));
              return;
            }
            if (caller.serial !== '') open.set(call, caller.serial);
            setCaller(metadata, caller);
            pass(metadata);
          },
          onCancel() {
            open.delete(call);
          },
        });
      },
      sendStatus(value, next) {
        open.delete(call);
        next(value);
      },
    });
  };
  return {
    interceptor,
    end(serial, reason) {
      for (const [call, of] of [...open])
        if (of === serial) call.sendStatus(failureToStatus(failure('unauthorized', reason)));
    },
  };
}

function callerOf(trust: Trust, from: string, operators: Pick<Operators, 'roleOf'>): Caller {
  if (typeof trust === 'string') return { kind: 'anyone', name: '', serial: '', from };
  const { kind, name, serial } = trust;
  const role = kind === 'operator' ? operators.roleOf(name, serial) : undefined;
  return { kind, name, serial, from, ...(role && { role }) };
}
