import assert from 'node:assert/strict';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { failure } from '../../../shared/failures.ts';
import { FailureSchema, KeySchema, OutcomeSchema, type Verdict } from '../../../shared/gen/baton/v1/fleet_pb.ts';
import type { Outcome } from '../../../shared/outcome.ts';
import { failureFromWire, keyFromWire, outcomeFromWire, outcomeToWire } from '../../../shared/rpc/outcome-wire.ts';

const key = { run: 'run-1', step: 'install.n1', phase: 'do', attempt: 2 } as const;
const rest = { commands: ['/bin/true'], startedAtMs: 1000, elapsedMs: 20 };

describe('outcomes on the wire', () => {
  const outcomes: Outcome[] = [
    { ...rest, verdict: 'succeeded', answer: { kind: 'countFiles', files: 7 } },
    { ...rest, verdict: 'failed', failure: failure('timeout', 'n1: too long', { evidence: 'last line' }) },
    { ...rest, verdict: 'unknown', failure: failure('lost', 'n1: nobody knows') },
    { ...rest, verdict: 'refused', failure: failure('refused-on-hold', 'n1: on hold', { retryable: true }) },
  ];
  for (const outcome of outcomes)
    it(`carries ${outcome.verdict} unchanged`, () => {
      const bytes = toBinary(OutcomeSchema, outcomeToWire(key, outcome, 5));
      const message = fromBinary(OutcomeSchema, bytes);
      assert.deepEqual(outcomeFromWire(message), outcome);
      assert.deepEqual(keyFromWire(message.key), key);
      assert.equal(message.ledgerCounter, 5);
    });

  it('makes an outcome that it cannot read unknown, never a success', () => {
    for (const message of [
      create(OutcomeSchema, { verdict: 99 as Verdict }),
      create(OutcomeSchema, {}),
      create(OutcomeSchema, { verdict: 1 }),
      create(OutcomeSchema, { verdict: 1, answer: {} }),
      create(OutcomeSchema, { verdict: 2 }),
    ]) {
      const outcome = outcomeFromWire(message);
      assert.equal(outcome.verdict, 'unknown');
      assert.equal(outcome.failure?.code, 'unexpected-output');
    }
  });

  it('keeps the words of a failure whose code it does not know', () => {
    const read = failureFromWire(create(FailureSchema, { code: 'constructor', message: 'n1: odd', retryable: true }));
    assert.equal(read.code, 'unexpected-output');
    assert.equal(read.retryable, false);
    assert.match(read.message, /n1: odd/);
  });

  it('takes no key with a missing or malformed part', () => {
    for (const bad of [
      {},
      { ...key, phase: 'redo' },
      { ...key, attempt: 0 },
      { ...key, run: '../x' },
      { ...key, step: 'a/b' },
    ])
      assert.equal(keyFromWire(create(KeySchema, bad)), undefined);
    assert.equal(keyFromWire(undefined), undefined);
  });
});
