// Which call is for whom. Deciding is pure; the interceptors carry it out, log and audit each refusal with its reason.
import {
  ServerInterceptingCall,
  type ServerInterceptingCallInterface,
  type ServerInterceptor,
  status,
} from '@grpc/grpc-js';
import { failure } from '../../shared/failures.ts';
import { Enrolment, Fleet } from '../../shared/gen/baton/v1/fleet_pb.ts';
import { Operator } from '../../shared/gen/baton/v1/operator_pb.ts';
import { failureToStatus } from '../../shared/rpc/status.ts';
import type { Identity, Mistrust } from '../../shared/security/identity.ts';
import type { Audit } from '../audit/audit.ts';
import { type Caller, describeCaller, setCaller } from './caller.ts';
import type { Connections } from './tls-listener.ts';

/** What a connection's certificate proves. */
export type Trust = Identity | Mistrust | 'no certificate';

/** Why a call is refused; undefined when it may go on. `path` is `/package.Service/Method`. */
export function refusalOf(trust: Trust, path: string, nowMs: number, isRevoked: (serial: string) => boolean) {
  const service = path.split('/')[1];
  if (service === Enrolment.typeName) return undefined;
  if (trust === 'no certificate') return 'no client certificate was shown';
  if (typeof trust === 'string') return `its certificate is not accepted: ${trust}`;
  if (isRevoked(trust.serial)) return `the certificate of ${trust.kind} ${trust.name} was revoked`;
  if (nowMs > trust.validToMs) return `the certificate of ${trust.kind} ${trust.name} has expired`;
  const allowed = trust.kind === 'node' ? Fleet.typeName : Operator.typeName;
  return service === allowed ? undefined : `the certificate of ${trust.kind} ${trust.name} is not for this call`;
}

export interface AccessOptions {
  /** What the connection of a call has proved when it was made, and how many calls it has made. */
  connections: Connections;
  isRevoked(serial: string): boolean;
  nowMs(): number;
  audit: Audit;
}

/** Open calls by certificate, so that revoking one ends them. */
export interface OpenCalls {
  interceptor: ServerInterceptor;
  /** Ends every open call of a certificate. */
  end(serial: string, reason: string): void;
}

/** The check of every call that comes over TLS. */
export function checkAccess(options: AccessOptions): OpenCalls {
  const open = new Map<ServerInterceptingCallInterface, string>();

  const interceptor: ServerInterceptor = (method, call) => {
    const trust = options.connections.trustOf(call);
    // Its connection is being cut: whatever else came in the same breath costs no more than this.
    if (!options.connections.countCall(call)) return new ServerInterceptingCall(call, { start: () => undefined });
    const caller: Caller =
      typeof trust === 'object'
        ? {
            ...{ kind: trust.kind, name: trust.name, serial: trust.serial, from: call.getPeer() },
            ...(trust.kind === 'operator' && { role: 'admin' as const }),
          }
        : { kind: 'anyone', name: '', serial: '', from: call.getPeer() };
    return new ServerInterceptingCall(call, {
      start(next) {
        next({
          onReceiveMetadata(metadata, pass) {
            const reason = refusalOf(trust, method.path, options.nowMs(), options.isRevoked);
            if (reason !== undefined) {
              const who = caller.kind === 'anyone' ? caller.from : `${describeCaller(caller)} at ${caller.from}`;
              options.audit.record({ who, what: method.path.slice(1), detail: reason, outcome: 'refused' });
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

/** On the unix socket the file's permissions have decided; the client says which operator it is. */
export const localAccess: ServerInterceptor = (method, call) =>
  new ServerInterceptingCall(call, {
    start(next) {
      next({
        onReceiveMetadata(metadata, pass) {
          if (method.path.split('/')[1] !== Operator.typeName) {
            call.sendStatus({ code: status.PERMISSION_DENIED, details: 'the socket is for operators' });
            return;
          }
          const said = String(metadata.get('baton-operator')[0] ?? '');
          const name = said.replaceAll(/[^\x20-\x7e]/g, '?').slice(0, 64) || 'unnamed';
          setCaller(metadata, { kind: 'operator', name, serial: '', from: 'socket', role: 'admin' });
          pass(metadata);
        },
      });
    },
  });
