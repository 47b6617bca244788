// Valid messages made invalid in every way, from a seed: every field of every message, and every byte.
import {
  create,
  type DescField,
  type DescMessage,
  fromBinary,
  type MessageShape,
  ScalarType,
  toBinary,
} from '@bufbuild/protobuf';
import { reflect } from '@bufbuild/protobuf/reflect';
import { FromAgentSchema } from '../../shared/gen/baton/v1/fleet_pb.ts';

export type Random = () => number;

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const texts = [
  '',
  'n1',
  'do',
  'undo',
  'stop.n1',
  'run-1',
  '../../etc/passwd',
  '__proto__',
  'constructor',
  'internal',
  'n1.>',
  '*',
  'baton.outcome.n1',
  '\n2026-01-01T00:00:00.000Z ERROR coordinator: FORGED',
  '\u001b[2JFORGED',
  '\u2028FORGED',
  '\ud83d\ude00',
  'x'.repeat(5_000),
  '{"$ref":1}',
];
const numbers = [
  0,
  -0,
  1,
  -1,
  0.5,
  2 ** 31,
  2 ** 53,
  1e308,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
];
const integers = [0, 1, 2, 42, 2 ** 31 - 1];

const pick = <T>(random: Random, values: readonly T[]): T => values[Math.floor(random() * values.length)] as T;

function scalar(type: ScalarType, random: Random): unknown {
  switch (type) {
    case ScalarType.STRING:
      return pick(random, texts);
    case ScalarType.BOOL:
      return random() < 0.5;
    case ScalarType.BYTES:
      return new Uint8Array(Math.floor(random() * 64));
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      return pick(random, numbers);
    case ScalarType.INT64:
    case ScalarType.UINT64:
    case ScalarType.SINT64:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return BigInt(pick(random, integers));
    default:
      return pick(random, integers);
  }
}

const depthMax = 6;

/** A message with any fields set to anything that can be encoded. */
export function anyMessage<Desc extends DescMessage>(schema: Desc, random: Random, depth = 0): MessageShape<Desc> {
  const message = create(schema);
  const view = reflect(schema, message);
  const one = (field: DescField): unknown => {
    if (field.fieldKind === 'message' || (field.fieldKind === 'list' && field.listKind === 'message'))
      return reflect(field.message as DescMessage, anyMessage(field.message as DescMessage, random, depth + 1));
    if (field.fieldKind === 'enum' || (field.fieldKind === 'list' && field.listKind === 'enum'))
      return pick(random, integers);
    return scalar((field as { scalar: ScalarType }).scalar, random);
  };
  for (const member of schema.members) {
    const field = member.kind === 'oneof' ? pick(random, member.fields) : member;
    if (random() < 0.15 || depth > depthMax || field.fieldKind === 'map') continue;
    if (field.fieldKind === 'list') {
      const list = view.get(field) as { add(value: unknown): unknown };
      for (let count = Math.floor(random() * 4); count > 0; count -= 1) list.add(one(field));
    } else view.set(field, one(field) as never);
  }
  return message;
}

/** Bytes flipped, cut, doubled, put in or left out. */
export function mutateBytes(bytes: Uint8Array, random: Random): Uint8Array {
  const mutated = [...bytes];
  const changes = 1 + Math.floor(random() * 4);
  for (let count = 0; count < changes; count += 1) {
    const at = Math.floor(random() * mutated.length);
    const kind = Math.floor(random() * 4);
    if (kind === 0) mutated[at] = Math.floor(random() * 256);
    else if (kind === 1) mutated.splice(at, 1 + Math.floor(random() * 8));
    else if (kind === 2) mutated.splice(at, 0, ...mutated.slice(at, at + Math.floor(random() * 16)));
    else mutated.splice(at, 0, Math.floor(random() * 256));
  }
  return Uint8Array.from(mutated);
}

export interface Mutant {
  bytes: Uint8Array;
  /** It can be decoded. */
  isReadable: boolean;
}

/** A message of an agent, mutated in its fields, its bytes or both. */
export const mutatedFromAgent = (random: Random): Mutant => mutated(FromAgentSchema, random);

/** A message mutated in its fields, its bytes or both; where a valid one is given, mostly that one with a few bytes changed. */
export function mutated<Desc extends DescMessage>(schema: Desc, random: Random, valid?: MessageShape<Desc>): Mutant {
  const isOfValid = valid !== undefined && random() < 0.7;
  const bytes = toBinary(schema, isOfValid ? valid : anyMessage(schema, random));
  const changed = !isOfValid && random() < 0.5 ? bytes : mutateBytes(bytes, random);
  try {
    fromBinary(schema, changed);
    return { bytes: changed, isReadable: true };
  } catch {
    return { bytes: changed, isReadable: false };
  }
}
