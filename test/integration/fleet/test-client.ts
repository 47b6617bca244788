// Calls of all kinds to a coordinator's ports, with a certificate or without.
import type { MessageInitShape, MessageShape } from '@bufbuild/protobuf';
import { ChannelCredentials, Client, type ClientDuplexStream, Metadata, type ServiceError } from '@grpc/grpc-js';
import {
  Enrolment as EnrolmentMessages,
  Fleet,
  type FromAgentSchema,
  type JoinAnswer,
  type ToAgentSchema,
} from '../../../shared/gen/baton/v1/fleet_pb.ts';
import { type Document, Operator } from '../../../shared/gen/baton/v1/operator_pb.ts';
import type { HostPort } from '../../../shared/host-port.ts';
import { channelOptions, serviceDefinition } from '../../../shared/rpc/service.ts';
import type { Credentials } from '../../../shared/security/certificates.ts';

/** Where to knock, and whom to trust. */
export interface Door {
  address: HostPort;
  authority: { certificate: string };
}

/** Calls with a certificate, or without. */
export class TestClient {
  readonly client: Client;

  constructor(door: Door, own?: Credentials, at?: number | string) {
    const credentials = ChannelCredentials.createSsl(
      Buffer.from(door.authority.certificate),
      own ? Buffer.from(own.key) : null,
      own ? Buffer.from(own.certificate) : null,
    );
    this.client = new Client(typeof at === 'string' ? at : `127.0.0.1:${at ?? door.address.port}`, credentials, {
      ...channelOptions,
      'grpc.use_local_subchannel_pool': 1,
      'grpc.initial_reconnect_backoff_ms': 100,
    });
  }

  join(request: MessageInitShape<typeof EnrolmentMessages.method.join.input>): Promise<JoinAnswer> {
    return this.unary(EnrolmentMessages.method.join, request);
  }
  getVersion(): Promise<Document> {
    return this.unary(Operator.method.getVersion, {});
  }
  connect(
    metadata = new Metadata(),
  ): ClientDuplexStream<MessageInitShape<typeof FromAgentSchema>, MessageShape<typeof ToAgentSchema>> {
    const { path, requestSerialize, responseDeserialize } = definitionOf(Fleet.method.connect);
    const call = this.client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, metadata);
    call.on('error', () => undefined);
    return call as ReturnType<TestClient['connect']>;
  }
  /** All bytes from an offset on. */
  async fetch(sha256: string, offsetBytes: number): Promise<Buffer> {
    const { path, requestSerialize, responseDeserialize } = definitionOf(Fleet.method.fetchRelease);
    const call = this.client.makeServerStreamRequest(path, requestSerialize, responseDeserialize, {
      sha256,
      offsetBytes,
    });
    const parts: Uint8Array[] = [];
    for await (const chunk of call) parts.push((chunk as { data: Uint8Array }).data);
    return Buffer.concat(parts);
  }
  close(): void {
    this.client.close();
  }

  unary<T>(method: AnyMethod, request: unknown): Promise<T> {
    const { path, requestSerialize, responseDeserialize } = definitionOf(method);
    const deadline = Date.now() + 10_000;
    return new Promise((resolve, reject) => {
      this.client.makeUnaryRequest(
        path,
        requestSerialize,
        responseDeserialize,
        request,
        { deadline },
        (error, value) => (error ? reject(error) : resolve(value as T)),
      );
    });
  }
}

type AnyMethod = { parent: Parameters<typeof serviceDefinition>[0]; localName: string };
function definitionOf(method: AnyMethod) {
  const definition = serviceDefinition(method.parent)[method.localName];
  if (!definition) throw new Error(method.localName);
  return definition as {
    path: string;
    requestSerialize(value: unknown): Buffer;
    responseDeserialize(bytes: Buffer): unknown;
  };
}

/** How a call that must be refused was refused. */
export async function refusal(call: Promise<unknown>): Promise<ServiceError> {
  try {
    await call;
  } catch (error) {
    return error as ServiceError;
  }
  throw new Error('the call was not refused');
}

/** Resolves with the status that ends a stream. */
export function endOf(call: ClientDuplexStream<unknown, unknown>): Promise<{ code: number; details: string }> {
  return new Promise((resolve) => call.once('status', resolve));
}
