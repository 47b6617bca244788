// Subjects of the fleet on the bus, and how an answer or a failure travels on it. Messages are those of fleet.proto.
import { create, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { headers, type Msg } from '@nats-io/transport-node';
import { type Failure, ok, type Result } from '../../shared/failures.ts';
import { type FromAgent, FromAgentSchema, type ToAgent, ToAgentSchema } from '../../shared/gen/baton/v1/fleet_pb.ts';

/** Requests to whoever holds the node's stream: `baton.node.n1.command`. */
export const commandSubject = (node: string, verb: string): string => `baton.node.${node}.${verb}`;
/** Outcomes and progress as the agent sent them. */
export const outcomeSubject = (node: string): string => `baton.outcome.${node}`;
export const progressSubject = (node: string): string => `baton.progress.${node}`;
/** Says that a stream was opened here, so that an older one elsewhere ends. */
export const openedSubject = (node: string): string => `baton.opened.${node}`;

export const nodeOfSubject = (subject: string): string => subject.split('.')[2] ?? '';

export type ToAgentInit = NonNullable<MessageInitShape<typeof ToAgentSchema>['kind']>;

export function encodeToAgent(kind: ToAgentInit): Uint8Array {
  return toBinary(ToAgentSchema, create(ToAgentSchema, { kind }));
}
export function decodeToAgent(data: Uint8Array): ToAgent {
  return fromBinary(ToAgentSchema, data);
}
export function encodeFromAgent(message: FromAgent): Uint8Array {
  return toBinary(FromAgentSchema, message);
}
export function decodeFromAgent(data: Uint8Array): FromAgent {
  return fromBinary(FromAgentSchema, data);
}

const failureHeader = 'baton-failure';

/** Answers a request: with the agent's message, with nothing where none is due, or with the failure. */
export function respond(request: Msg, result: Result<FromAgent | undefined>): void {
  if (result.ok) {
    request.respond(result.value === undefined ? new Uint8Array() : encodeFromAgent(result.value));
    return;
  }
  const head = headers();
  head.set(failureHeader, Buffer.from(JSON.stringify(result.failure)).toString('base64'));
  request.respond(new Uint8Array(), { headers: head });
}

/** What `respond` put into an answer. */
export function responseOf(answer: Msg): Result<FromAgent | undefined> {
  const failed = answer.headers?.get(failureHeader);
  if (failed) return { ok: false, failure: JSON.parse(Buffer.from(failed, 'base64').toString()) as Failure };
  return ok(answer.data.length === 0 ? undefined : decodeFromAgent(answer.data));
}
