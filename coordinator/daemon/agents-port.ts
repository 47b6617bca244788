// The port that agents and operators from afar connect to: one TLS listener, three services, one access check.
import { hostname, networkInterfaces } from 'node:os';
import { Server, type ServerOptions, type UntypedServiceImplementation } from '@grpc/grpc-js';
import type { Clock } from '../../shared/clock.ts';
import type { Result } from '../../shared/failures.ts';
import { Enrolment as EnrolmentMessages, Fleet as FleetMessages } from '../../shared/gen/baton/v1/fleet_pb.ts';
import { Operator } from '../../shared/gen/baton/v1/operator_pb.ts';
import { formatHostPort, type HostPort } from '../../shared/host-port.ts';
import type { Log } from '../../shared/log.ts';
import { channelOptions, coordinatorTlsName, serviceDefinition } from '../../shared/rpc/service.ts';
import { minutes, seconds } from '../../shared/units.ts';
import { checkAccess, type OpenCalls } from '../access/access.ts';
import { hardenServer } from '../access/harden-server.ts';
import type { Operators } from '../access/operators.ts';
import { type Connections, listenTls } from '../access/tls-listener.ts';
import type { Audit } from '../audit/audit.ts';
import { isWildcard } from '../config/coordinator-config.ts';
import type { Enrolment } from '../fleet/enrolment.ts';
import type { Hub } from '../fleet/hub.ts';
import type { Revocations } from '../fleet/revocations.ts';
import { enrolmentService, fleetService } from '../fleet/services.ts';
import type { FleetTables, NodeRecord } from '../fleet/tables.ts';
import type { ReleaseStore } from '../releases/release-store.ts';
import { openServerCertificate } from './server-certificate.ts';
import type { Authority } from './state-files.ts';

/** Limits of all servers. What comes in stays small; reports of long runs that go out may be large. */
export const serverOptions: ServerOptions = {
  ...channelOptions,
  'grpc.max_send_message_length': 64 * 1024 * 1024,
  'grpc.max_concurrent_streams': 64,
  'grpc-node.max_session_memory': 64,
  'grpc.max_connection_idle_ms': minutes(10),
  'grpc.enable_channelz': 0,
};

/** On the agents' port; session memory in MB. */
const provenOptions: ServerOptions = {
  ...serverOptions,
  'grpc.max_concurrent_streams': 16,
  'grpc-node.max_session_memory': 8,
};

/** Who has proved nothing may only join: one small call. */
const strangerOptions: ServerOptions = {
  ...serverOptions,
  'grpc.max_receive_message_length': 16 * 1024,
  'grpc.max_send_message_length': 64 * 1024,
  'grpc.max_concurrent_streams': 4,
  'grpc-node.max_session_memory': 1,
  'grpc.max_connection_idle_ms': seconds(10),
};

export interface AgentsPort {
  address: HostPort;
  close(): void;
}

export interface AgentsPortParts {
  listen: HostPort;
  advertise: HostPort;
  authority: Authority;
  /** host:port of all coordinators that there are, for nodes that join. */
  coordinators?: () => string[];
  revocations: Revocations;
  operators: Pick<Operators, 'roleOf'>;
  enrolment: Enrolment;
  tables: FleetTables;
  hub: Hub;
  releases: ReleaseStore;
  audit: Audit;
  operator: UntypedServiceImplementation;
  clock: Clock;
  log: Log;
}

/** Listens. Revoked certificates end their open calls and connections here, from now on and at once. */
export async function openAgentsPort(parts: AgentsPortParts): Promise<Result<AgentsPort>> {
  const { listen, advertise, authority, revocations, operators, audit, clock, log } = parts;
  const server = await openServerCertificate(authority, hostsOf(listen, advertise), clock, log);
  if (!server.ok) return server;
  let access: OpenCalls | undefined;

  const makeServer = (connections: Connections, of: 'proven' | 'strangers'): Server => {
    access ??= checkAccess({ connections, revocations, operators, nowMs: clock.nowMs, audit });
    const limits = of === 'proven' ? provenOptions : strangerOptions;
    const resets = of === 'proven' ? { burst: 100, perSecond: 10 } : { burst: 8, perSecond: 1 };
    const grpc = hardenServer(new Server({ ...limits, interceptors: [access.interceptor] }), resets);
    const { enrolment, hub, releases, operator } = parts;
    const coordinators = parts.coordinators ?? (() => [formatHostPort(advertise)]);
    grpc.addService(
      serviceDefinition(EnrolmentMessages),
      enrolmentService({ enrolment, authority: authority.certificate, coordinators }),
    );
    grpc.addService(
      serviceDefinition(FleetMessages),
      fleetService({ hub, releases, tables: parts.tables, clock, log }),
    );
    grpc.addService(serviceDefinition(Operator), operator);
    return grpc;
  };

  const listening = await listenTls({
    listen,
    authority: authority.certificate,
    server: server.value.now,
    clock,
    log,
    makeServer,
  });
  if (!listening.ok) return listening;
  const listener = listening.value;
  const learn = ({ serial, networks = [], revokedAtMs }: NodeRecord) => {
    if (serial !== '' && revokedAtMs === 0) listener.know(networks, serial);
  };
  // Of nodes that connect to another coordinator too: they come here when that one is gone.
  const watching = await parts.tables.nodes.watch((_, stored) => stored && learn(stored.value));
  if (!watching.ok) log.warn('where agents come from is not known', { reason: watching.failure.message });
  revocations.onRevoked((serial, { kind, name }) => {
    access?.end(serial, `the certificate of ${kind} ${name} was revoked`);
    listener.cut(serial);
  });
  const stopRenewing = server.value.renew(listener.renew);
  return {
    ok: true,
    value: {
      address: listener.address,
      close() {
        stopRenewing();
        if (watching.ok) watching.value();
        listener.close();
      },
    },
  };
}

function hostsOf(listen: HostPort, advertise: HostPort): string[] {
  const own = isWildcard(listen.host)
    ? Object.values(networkInterfaces()).flatMap((addresses) => (addresses ?? []).map(({ address }) => address))
    : [listen.host];
  const plain = own.filter((host) => !host.includes('%'));
  return [...new Set([coordinatorTlsName, advertise.host, ...plain, hostname(), 'localhost', '127.0.0.1', '::1'])];
}
