import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type CommandFacts, decideCommand } from '../../../agent/execution/decide-command.ts';
import type { Attempt } from '../../../agent/ledger/ledger.ts';
import { failure, ok } from '../../../shared/failures.ts';

const key = { run: 'r1', step: 's', phase: 'do', attempt: 1 } as const;
const fresh: CommandFacts = {
  key,
  action: ok({ kind: 'stopUnits', units: ['nginx'] }),
  isMutating: true,
  payloadHash: 'a',
  timeoutMs: 1000,
  epoch: 5,
  highestEpoch: 5,
  isRunClosed: false,
  known: undefined,
  ledger: { generation: 'g', counter: 9 },
  expectedLedger: undefined,
  head: { sequence: 7, hash: 'h7' },
  newestHead: { sequence: 6, hash: 'h6' },
  isHeld: false,
  policyRefusal: undefined,
  runningKey: undefined,
};
const known: Attempt = {
  key,
  payloadHash: 'a',
  timeoutMs: 1000,
  startedAtMs: 1,
  outcomeCounter: 0,
  isJournaled: false,
  isSettled: false,
};
const outcome = { verdict: 'succeeded', commands: [], startedAtMs: 1, elapsedMs: 1 } as const;
const finished: Attempt = { ...known, outcome: { ...outcome, commands: [] } };

const decide = (change: Partial<CommandFacts>) => decideCommand({ ...fresh, ...change });
const refusedWith = (change: Partial<CommandFacts>): string => {
  const decision = decide(change);
  return decision.act === 'refuse' ? decision.failure.code : decision.act;
};

describe('What becomes of a command', () => {
  it('a new one starts', () => assert.equal(decide({}).act, 'start'));
  it('an older epoch is refused, even for a finished key', () => {
    assert.equal(refusedWith({ epoch: 4 }), 'refused-old-epoch');
    assert.equal(refusedWith({ epoch: 4, known: finished }), 'refused-old-epoch');
  });
  it('a key of a closed run is refused: the journal that goes on with it was put back', () =>
    assert.equal(refusedWith({ isRunClosed: true }), 'restored-state'));
  it('a new key that was meant for another ledger, or for one that had come further, is not started', () => {
    const meantFor = (generation: string, counter: number) => ({ expectedLedger: { generation, counter } });
    assert.equal(refusedWith(meantFor('h', 1)), 'restored-state');
    assert.equal(refusedWith(meantFor('g', 10)), 'restored-state');
    assert.equal(decide(meantFor('g', 9)).act, 'start');
    // What the ledger knows, it knows, whatever it was meant for.
    assert.equal(decide({ ...meantFor('h', 1), known: finished }).act, 'repeat');
  });
  it('a journal that went back, or is another one, is refused', () => {
    assert.equal(refusedWith({ head: { sequence: 5, hash: 'h5' } }), 'restored-state');
    assert.equal(refusedWith({ head: { sequence: 6, hash: 'other' } }), 'restored-state');
    assert.equal(decide({ head: { sequence: 6, hash: 'h6' } }).act, 'start');
  });
  it('hold, policy and another action refuse a new key', () => {
    assert.equal(refusedWith({ isHeld: true }), 'refused-on-hold');
    assert.equal(refusedWith({ policyRefusal: failure('refused-by-policy', 'no') }), 'refused-by-policy');
    assert.equal(refusedWith({ runningKey: 'r1/t/do/1' }), 'refused-busy');
  });
  it('a known key with another payload is refused', () => {
    assert.equal(refusedWith({ known, payloadHash: 'b' }), 'refused-key');
  });
  it('a key that was settled before it began is refused, whatever its payload', () => {
    const { payloadHash: _, ...tombstone } = known;
    assert.equal(refusedWith({ known: { ...tombstone, isSettled: true } }), 'refused-key');
  });
  it('of a key that was settled after it had begun nobody is told that nothing was started', () => {
    assert.equal(decide({ known: { ...known, isSettled: true } }).act, 'wait');
    assert.equal(decide({ known: { ...finished, isSettled: true } }).act, 'repeat');
  });
  it('a reading, a malformed action and a senseless timeout are refused', () => {
    assert.equal(refusedWith({ isMutating: false }), 'bad-input');
    assert.equal(refusedWith({ action: { ok: false, failure: failure('bad-input', 'x') } }), 'bad-input');
    for (const timeoutMs of [0, -1, Number.NaN, Number.POSITIVE_INFINITY])
      assert.equal(refusedWith({ timeoutMs }), 'bad-input');
  });
  it('a known key gets its outcome or waits, also on hold, under another policy and with an older head', () => {
    const change = {
      isHeld: true,
      policyRefusal: failure('refused-by-policy', 'no'),
      runningKey: 'r1/s/do/1',
      head: { sequence: 1, hash: 'h1' },
    };
    assert.equal(decide({ ...change, known }).act, 'wait');
    assert.deepEqual(decide({ ...change, known: finished }), { act: 'repeat', outcome: finished.outcome });
  });

  it('never starts a key that is known, nor under an older epoch (I2)', () => {
    fc.assert(
      fc.property(
        fc.record({
          known: fc.constantFrom(undefined, known, finished, { ...known, isSettled: true }),
          epoch: fc.nat(10),
          highestEpoch: fc.nat(10),
          isHeld: fc.boolean(),
          isRunClosed: fc.boolean(),
          payloadHash: fc.constantFrom('a', 'b'),
          runningKey: fc.constantFrom(undefined, 'r1/x/do/1'),
        }),
        (change) => {
          const starts = decide(change).act === 'start';
          const may =
            change.known === undefined &&
            change.epoch >= change.highestEpoch &&
            !change.isHeld &&
            !change.isRunClosed &&
            change.runningKey === undefined;
          assert.equal(starts, may);
        },
      ),
    );
  });
});
