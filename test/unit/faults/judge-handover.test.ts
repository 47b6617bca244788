// A run that is handed over to the one that goes back, as the judge sees it: what is well, and each planted change.
import assert from 'node:assert/strict';
import type { Evidence, LockRecord } from '../../faults/judge/evidence.ts';
import type { Fact } from '../../faults/judge/journal-facts.ts';
import { judge } from '../../faults/judge/judge.ts';
import { dropped, finds } from './changes.ts';
import {
  beginning,
  ended,
  evidenceOf,
  halted,
  journalOf,
  over,
  run,
  said,
  settled,
  started,
  told,
} from './handmade.ts';

const back = 'rollback-1';
const word: Fact = { type: 'OperatorDecided', decision: 'rollback', item: 'install', successor: { run: back } };
const end: Fact = {
  type: 'RunEnded',
  status: 'aborted',
  message: 'rolled back',
  failoverArmed: 'suspended',
  successor: back,
};
const facts: Fact[] = [
  ...beginning,
  ended('install', 'unknown'),
  halted('install', 'step-unknown'),
  word,
  settled('install'),
  end,
];
const successor: Fact[] = [{ type: 'RunStarted', cluster: 'lab', after: run }];
const lock: LockRecord[] = [
  { type: 'RunOpened', run },
  { type: 'RunOpened', run: back, after: run },
];

function handed(first: Fact[] = facts, second: Fact[] = successor, change: Partial<Evidence> = {}): Evidence {
  const evidence = evidenceOf(first, { lock, now: { failover: 'suspended', writable: ['n1'], portalAnswers: false } });
  return { ...evidence, journals: { ...evidence.journals, [back]: journalOf(told(second), back) }, ...change };
}
const insteadOfWord = (fact: Fact): Fact[] => facts.map((one) => (one === word ? fact : one));

describe('the judge of a run that is handed over', () => {
  it('finds nothing where all is well', () => {
    assert.deepEqual(judge(handed()), []);
  });
  finds('I4', [
    [
      'a cluster that passes to a run that was not named',
      () => handed(dropped(facts, 'RunEnded').concat(over('aborted'))),
      /did not name it/,
    ],
    [
      'a cluster that passes on where nobody asked for it',
      () => handed(insteadOfWord(said('abort', 'install'))),
      /did not name it/,
    ],
    [
      'a cluster that was free in between',
      () =>
        handed(facts, successor, {
          lock: [
            { type: 'RunOpened', run },
            { type: 'RunClosed', run },
            { type: 'RunOpened', run: back, after: run },
          ],
        }),
      /while nobody held it/,
    ],
    [
      'a successor that does not know where it goes on from',
      () => handed(facts, [{ type: 'RunStarted', cluster: 'lab' }]),
      /does not say that it goes on/,
    ],
  ]);
  finds('I8', [
    [
      'an end in favour of a successor without a word',
      () => handed(dropped(facts, 'rollback')),
      /no operator had said rollback/,
    ],
    [
      'something that starts after the word',
      () => handed([...facts.slice(0, -1), started('install', 2), ended('install', 'succeeded', 2), end]),
      /another run’s work/,
    ],
    [
      'an undo after the word',
      () => handed([...facts.slice(0, -1), { type: 'ItemUndone', item: 'install', how: 'undone' }, end]),
      /another run’s work/,
    ],
  ]);
  finds('I5', [
    [
      'an end while nobody knows what became of an attempt',
      () => handed(dropped(facts, 'AttemptSettled')),
      /nobody knows what became of/,
    ],
  ]);
});
