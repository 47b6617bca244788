// Stands for the operator's service where only the way to it is looked at.
import type { ServerWritableStream, UntypedServiceImplementation } from '@grpc/grpc-js';
import { Operator } from '../../../shared/gen/baton/v1/operator_pb.ts';

/** Every call of Operator, answered with an empty document: whether it may be made is what counts here. */
export function operatorStub(): UntypedServiceImplementation {
  const document = { json: '{}' };
  type Call = ServerWritableStream<unknown, unknown> & { on(event: 'data' | 'end', listener: () => void): unknown };
  const stubs = Operator.methods.map(({ localName, methodKind }) => [
    localName,
    (call: Call, answer: (error: null, value: object) => void) => {
      if (methodKind === 'unary') answer(null, document);
      else if (methodKind === 'client_streaming') {
        call.on('data', () => undefined);
        call.on('end', () => answer(null, document));
      } else {
        call.write(document);
        call.end();
      }
    },
  ]);
  return Object.fromEntries(stubs) as UntypedServiceImplementation;
}
