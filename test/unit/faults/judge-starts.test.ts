// I2, one intent and one start: for every rule one planted change that the judge finds.
import type { Fact } from '../../faults/judge/journal-facts.ts';
import { again, changed, finds, good, instead, onLedger, withRecords } from './changes.ts';
import { beginning, ended, evidenceOf, goodFacts, keyOf, record, run, started } from './handmade.ts';

describe('the judge of the fault tests', () => {
  describe('I2', () =>
    finds('I2', [
      ['a second start', () => withRecords(record('install', 'start')), /started 2 times/],
      ['an end without a start', () => evidenceOf(goodFacts, { records: [record('arm', 'end')] }), /never started/],
      [
        'a start without an intent',
        () => withRecords(record('arm', 'start', { key: keyOf('arm', 7) })),
        /without an intent/,
      ],
      ['a start before its intent was journaled', () => changed({ journaled: 9 }), /before its intent/],
      ['another action than the intent’s', () => changed({ kind: 'stopUnits' }), /stopUnits was started on n1/],
      [
        'an intent that the plan does not have',
        () => evidenceOf(instead(({ type }) => type === 'StepStarted', { ...started('suspend'), node: 'n1' } as Fact)),
        /not what the plan has/,
      ],
      [
        'one intent twice',
        () => evidenceOf([...beginning, started('install')]),
        /attempt 1 of install comes after 1 others/,
      ],
      [
        'an outcome of nothing',
        () => evidenceOf([...beginning.slice(0, 3), ended('suspend', 'failed')]),
        /has no intent/,
      ],
      [
        'a start of what was settled',
        () => ({ ...evidenceOf(again), records: [record('install', 'start', { journaled: 14 })] }),
        /settled, and started/,
      ],
      [
        'something that still ran when it was settled',
        () => ({
          ...evidenceOf(again),
          records: [record('install', 'start', { journaled: 10 }), record('install', 'end', { journaled: 15 })],
        }),
        /still ran/,
      ],
      [
        'a start for an epoch that was over there',
        () => changed({ epoch: 1, epochSeen: 2 }),
        /for epoch 1, which had seen 2/,
      ],
      [
        'starts whose epochs go back',
        () => ({ ...good, records: [record('suspend', 'start', { epoch: 2 }), record('arm', 'start', { epoch: 1 })] }),
        /for epoch 1, which had seen 2/,
      ],
      [
        'a start that the ledger has forgotten',
        () => onLedger(good, 'n1', () => ({ attempts: [] })),
        /whose ledger does not know of it/,
      ],
      [
        'a row without an intent',
        () =>
          onLedger(good, 'n1', ({ attempts }) => ({
            attempts: [...attempts, { key: keyOf('x'), epoch: 1, settled: true }],
          })),
        /no intent/,
      ],
      [
        'a row of another node’s attempt',
        () =>
          onLedger(good, 'n3', ({ attempts }) => ({
            attempts: [...attempts, { key: keyOf('install'), epoch: 1, settled: true }],
          })),
        /which is for n1/,
      ],
      [
        'a row newer than the newest epoch, which an older copy of the ledger still has',
        () =>
          onLedger(good, 'n1', ({ attempts }) => ({
            highestEpoch: 0,
            attempts: attempts.map((row) => ({ ...row, before: [{ settled: false }] })),
          })),
        /0 as highest/,
      ],
      ['a row newer than the newest epoch', () => onLedger(good, 'n1', () => ({ highestEpoch: 0 })), /0 as highest/],
      [
        'a settlement without a tombstone',
        () =>
          onLedger(evidenceOf(again), 'n1', ({ attempts }) => ({
            attempts: attempts.map((row) => ({ ...row, settled: false })),
          })),
        /no tombstone/,
      ],
      [
        'an outcome that the ledger does not have',
        () => onLedger(good, 'n1', ({ attempts }) => ({ attempts: attempts.map(({ verdict: _, ...row }) => row) })),
        /ledger of n1 says nothing/,
      ],
      [
        'an outcome that no copy of the ledger ever had',
        () =>
          onLedger(good, 'n1', ({ attempts }) => ({
            attempts: attempts.map((row) => ({
              ...row,
              verdict: 'unknown',
              before: [{ verdict: 'failed', settled: false }],
            })),
          })),
        /ledger of n1 says unknown/,
      ],
      [
        'a settlement without a tombstone in any copy of the ledger',
        () =>
          onLedger(evidenceOf(again), 'n1', ({ attempts }) => ({
            attempts: attempts.map((row) => ({ ...row, settled: false, before: [{ settled: false }] })),
          })),
        /no tombstone/,
      ],
      [
        'a second start on a machine that was put back',
        () => ({ ...withRecords(record('install', 'start')), putBack: [{ node: 'n1', journaled: { [run]: 12 } }] }),
        /started 2 times/,
      ],
      [
        'a refusal of what was started',
        () => ({ ...evidenceOf([...beginning, ended('install', 'refused')]), records: [record('install', 'start')] }),
        /was refused, and it was started/,
      ],
    ]));
});
