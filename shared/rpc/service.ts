// The one bridge from protobuf-es service descriptors to grpc-js: names, types and limits, nothing else.
import {
  create,
  type DescMessage,
  type DescService,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from '@bufbuild/protobuf';
import type { ChannelOptions, MethodDefinition, ServiceDefinition } from '@grpc/grpc-js';

/** Largest message either side accepts; events and outcomes stay far below, installer chunks are 256 kB. */
export const messageBytesMax = 1024 * 1024;

/** In every coordinator's certificate, whatever addresses it has: Node 26 refuses to name an IP address in TLS. */
export const coordinatorTlsName = 'baton-coordinator';

/** Limits and keepalive for both ends: a half-open connection is noticed within 15 s. */
export const channelOptions: ChannelOptions = {
  'grpc.max_receive_message_length': messageBytesMax,
  'grpc.max_send_message_length': messageBytesMax,
  'grpc.keepalive_time_ms': 5_000,
  'grpc.keepalive_timeout_ms': 5_000,
  'grpc.keepalive_permit_without_calls': 1,
  'grpc.ssl_target_name_override': coordinatorTlsName,
};

/** The grpc-js definition of a service. */
export function serviceDefinition(service: DescService): ServiceDefinition {
  return Object.fromEntries(
    service.methods.map((method) => [
      method.localName,
      {
        path: `/${service.typeName}/${method.name}`,
        requestStream: method.methodKind === 'client_streaming' || method.methodKind === 'bidi_streaming',
        responseStream: method.methodKind === 'server_streaming' || method.methodKind === 'bidi_streaming',
        ...codec('request', method.input),
        ...codec('response', method.output),
        originalName: method.localName,
      } as MethodDefinition<unknown, unknown>,
    ]),
  );
}

function codec(side: 'request' | 'response', schema: DescMessage) {
  return {
    [`${side}Serialize`]: (value: MessageInitShape<typeof schema>) =>
      Buffer.from(toBinary(schema, create(schema, value))),
    [`${side}Deserialize`]: (bytes: Buffer): MessageShape<typeof schema> => fromBinary(schema, bytes),
  };
}
