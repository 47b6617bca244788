// The one mapper between keys, outcomes and failures as plain data and their protobuf messages, for agent and coordinator.
// What this version does not know becomes `unexpected-output`, never a success.
import { create } from '@bufbuild/protobuf';
import { answerFromWire, answerToWire } from '../actions/wire.ts';
import { type Failure, type FailureCode, failure, failureCodes } from '../failures.ts';
import {
  type Failure as FailureMessage,
  FailureSchema,
  type Key as KeyMessage,
  KeySchema,
  type Outcome as OutcomeMessage,
  OutcomeSchema,
  Verdict,
} from '../gen/baton/v1/fleet_pb.ts';
import { formatKey, type Key, parseKey } from '../key.ts';
import type { Outcome } from '../outcome.ts';

const verdictToWire: Record<Outcome['verdict'], Verdict> = {
  succeeded: Verdict.SUCCEEDED,
  failed: Verdict.FAILED,
  unknown: Verdict.UNKNOWN,
  refused: Verdict.REFUSED,
};
const verdictFromWire = new Map<Verdict, Outcome['verdict']>(
  Object.entries(verdictToWire).map(([name, verdict]) => [verdict, name as Outcome['verdict']]),
);

export function keyToWire(key: Key): KeyMessage {
  return create(KeySchema, key);
}

/** The key in a message; undefined when a part of it is missing or malformed. */
export function keyFromWire(message: KeyMessage | undefined): Key | undefined {
  if (message === undefined || (message.phase !== 'do' && message.phase !== 'undo')) return undefined;
  const { run, step, phase, attempt } = message;
  return parseKey(formatKey({ run, step, phase, attempt }));
}

export function failureToWire(value: Failure): FailureMessage {
  return create(FailureSchema, value);
}

export function failureFromWire(message: FailureMessage): Failure {
  const { code, message: text, retryable, evidence } = message;
  if (!Object.hasOwn(failureCodes, code))
    return failure('unexpected-output', `${text} (the code ${JSON.stringify(code)} is not known to this version)`, {
      evidence,
    });
  return failure(code as FailureCode, text, { retryable, evidence });
}

/** The message for an outcome. `ledgerCounter` is the agent's; 0 elsewhere. */
export function outcomeToWire(key: Key, outcome: Outcome, ledgerCounter = 0): OutcomeMessage {
  return create(OutcomeSchema, {
    key: keyToWire(key),
    verdict: verdictToWire[outcome.verdict],
    ...(outcome.failure ? { failure: failureToWire(outcome.failure) } : {}),
    ...(outcome.answer ? { answer: answerToWire(outcome.answer) } : {}),
    commands: outcome.commands,
    startedAtMs: outcome.startedAtMs,
    elapsedMs: outcome.elapsedMs,
    ledgerCounter,
  });
}

/** The outcome in a message; one that cannot be read is `unknown` with `unexpected-output`. */
export function outcomeFromWire(message: OutcomeMessage): Outcome {
  const { commands, startedAtMs, elapsedMs } = message;
  const rest = { commands, startedAtMs, elapsedMs };
  const unreadable = (what: string): Outcome => ({
    ...rest,
    verdict: 'unknown',
    failure: failure('unexpected-output', `the agent reported ${what}, which this version cannot read`),
  });

  const verdict = verdictFromWire.get(message.verdict);
  if (verdict === undefined) return unreadable(`verdict ${message.verdict}`);
  const answer = answerFromWire(message.answer);
  if (verdict === 'succeeded' && answer === undefined) return unreadable('success without an answer');
  if (verdict !== 'succeeded' && message.failure === undefined) return unreadable(`${verdict} without a reason`);
  return {
    ...rest,
    verdict,
    ...(message.failure ? { failure: failureFromWire(message.failure) } : {}),
    ...(answer ? { answer } : {}),
  };
}
