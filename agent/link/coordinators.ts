// The coordinators as grpc clients that trust only the authority of the join line.
import { createSecureContext } from 'node:tls';
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { Client, ClientDuplexStream, ClientReadableStream } from '@grpc/grpc-js';
import { credentials, makeGenericClientConstructor } from '@grpc/grpc-js';
import { type Chunk, type FetchRequestSchema, Fleet, type ToAgent } from '../../shared/gen/baton/v1/fleet_pb.ts';
import { channelOptions, serviceDefinition } from '../../shared/rpc/service.ts';
import type { Identity } from '../enrol/identity-files.ts';

export interface FleetClient extends Client {
  connect(): ClientDuplexStream<unknown, ToAgent>;
  fetchRelease(request: MessageInitShape<typeof FetchRequestSchema>): ClientReadableStream<Chunk>;
}

const FleetClientConstructor = makeGenericClientConstructor(serviceDefinition(Fleet), 'Fleet');

/** A client of one coordinator, as this node; TLS 1.3, and the coordinator must be named in its certificate. */
export function fleetClient(coordinator: string, identity: Identity): FleetClient {
  const secureContext = createSecureContext({
    minVersion: 'TLSv1.3',
    ca: identity.authority,
    cert: identity.certificate,
    key: identity.key,
  });
  return new FleetClientConstructor(coordinator, credentials.createFromSecureContext(secureContext), {
    ...channelOptions,
    // Reconnecting is this agent's own doing, with another coordinator perhaps.
    'grpc.enable_retries': 0,
    'grpc.use_local_subchannel_pool': 1,
  }) as unknown as FleetClient;
}
