// The one mapper between actions as plain data and their protobuf messages.
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import {
  type Action as ActionMessage,
  ActionSchema,
  type Answer as AnswerMessage,
  AnswerSchema,
} from '../gen/baton/v1/action_pb.ts';
import type { Action, Answer } from './action.ts';

/** The message for an action. */
export function actionToWire(action: Action): ActionMessage {
  const { kind, ...value } = action;
  return create(ActionSchema, { kind: { case: kind, value } } as MessageInitShape<typeof ActionSchema>);
}

/** The action in a message; undefined when the message holds none that this version knows. */
export function actionFromWire(message: ActionMessage | undefined): Action | undefined {
  return fromOneof(message?.kind) as Action | undefined;
}

/** The message for an answer. */
export function answerToWire(answer: Answer): AnswerMessage {
  const { kind, ...value } = answer;
  return create(AnswerSchema, { kind: { case: kind, value } } as MessageInitShape<typeof AnswerSchema>);
}

/** The answer in a message; undefined when the message holds none that this version knows. */
export function answerFromWire(message: AnswerMessage | undefined): Answer | undefined {
  return fromOneof(message?.kind) as Answer | undefined;
}

function fromOneof(oneof: ActionMessage['kind'] | AnswerMessage['kind'] | undefined): object | undefined {
  if (oneof?.case === undefined) return undefined;
  return { kind: oneof.case, ...(plain(oneof.value) as object) };
}

/** A message without protobuf's own fields, so that it can be compared, hashed and printed. */
export function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (value === null || typeof value !== 'object' || value instanceof Uint8Array) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name, item]) => name !== '$typeName' && name !== '$unknown' && item !== undefined)
      .map(([name, item]) => [name, plain(item)]),
  );
}
