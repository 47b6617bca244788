import assert from 'node:assert/strict';
import fc from 'fast-check';
import { encodeEvent } from '../../../coordinator/journal/chain.ts';
import type { RunFact } from '../../../coordinator/journal/event.ts';
import { fitFact } from '../../../coordinator/runs/fit-fact.ts';

const fits = (fact: RunFact): boolean => {
  encodeEvent({ schema: 1, id: 'i', run: 'r', sequence: 1, previous: '', epoch: 1, atMs: 1, fact });
  return true;
};
const outcomeWith = (commands: string[], evidence: string): RunFact => ({
  type: 'OutcomeRecorded',
  item: 'install',
  phase: 'do',
  attempt: 1,
  late: false,
  outcome: {
    verdict: 'failed',
    failure: { code: 'command-failed', message: 'exit 1', retryable: false, evidence },
    commands,
    startedAtMs: 0,
    elapsedMs: 0,
  },
});

describe('fact that has to fit into an event', () => {
  it('stays as it is when it is small', () => {
    const small = outcomeWith(['systemctl stop a'], 'no');
    assert.deepEqual(fitFact(small), small);
  });

  it('fits whatever agents send, and keeps the end of what was printed', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ maxLength: 200, unit: 'binary' }), { maxLength: 20 }),
        fc.nat({ max: 6_000 }),
        (commands, times) => {
          const many = Array.from({ length: times }, () => commands).flat();
          const fitted = fitFact(outcomeWith(many, `${'x'.repeat(times * 100)}the end`));
          assert.ok(fits(fitted));
          assert.ok(fitted.type === 'OutcomeRecorded' && fitted.outcome.failure?.evidence.endsWith('the end'));
        },
      ),
      { numRuns: 40 },
    );
  });

  it('is refused by the journal when nobody cut it', () => {
    assert.throws(() => fits(outcomeWith([], 'x'.repeat(300_000))), /more than 262144/);
  });
});
