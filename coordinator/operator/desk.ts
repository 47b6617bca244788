// Where operators' calls arrive: handed on while this coordinator leads, and answered with who does otherwise. The desk is
// open as long as the process runs, so that whoever asks is told something better than a closed door.
import type { sendUnaryData, UntypedServiceImplementation } from '@grpc/grpc-js';
import type { Failure } from '../../shared/failures.ts';
import { Operator } from '../../shared/gen/baton/v1/operator_pb.ts';
import { failureToStatus } from '../../shared/rpc/status.ts';

export interface Desk {
  service: UntypedServiceImplementation;
  /** From now on calls are served where `whyNot` has no objection. */
  open(service: UntypedServiceImplementation): void;
}

type AnyHandler = (call: NodeJS.EventEmitter, answer?: sendUnaryData<unknown>) => void;

/** `whyNot`: what callers are told instead of being served, also for as long as nothing is open. */
export function createDesk(whyNot: (isOpen: boolean) => Failure | undefined): Desk {
  let served: UntypedServiceImplementation = {};
  let isOpen = false;
  const handler =
    (name: string): AnyHandler =>
    (call, answer) => {
      const reason = whyNot(isOpen);
      if (reason === undefined) return (served[name] as AnyHandler)(call, answer);
      if (answer === undefined) call.emit('error', failureToStatus(reason));
      else answer(failureToStatus(reason));
    };
  return {
    service: Object.fromEntries(
      Operator.methods.map(({ localName }) => [localName, handler(localName)]),
    ) as unknown as UntypedServiceImplementation,
    open(service) {
      served = service;
      isOpen = true;
    },
  };
}
