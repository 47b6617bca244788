// I6, one primary: for every rule a planted change that the judge finds, and what it must not take for one.
import assert from 'node:assert/strict';
import type { DatabaseRecord, Evidence, EvidencePlan } from '../../faults/judge/evidence.ts';
import { judge } from '../../faults/judge/judge.ts';
import { finds, good } from './changes.ts';
import { goodFacts, plan, run } from './handmade.ts';

const steady: DatabaseRecord[] = [
  { node: 'n1', is: 'primary', journaled: {} },
  { node: 'n2', is: 'standby', streamsFrom: 'n1', journaled: {} },
];
/** As if its installer were something that changes a database. */
const copying: EvidencePlan = {
  ...plan,
  items: plan.items.map((item) => (item.id === 'install' ? { ...item, action: { kind: 'copyServer' } } : item)),
};
const databasesWere = (databases: DatabaseRecord[], of: EvidencePlan = plan): Evidence => ({
  ...good,
  databases,
  plans: { [run]: { plan: of, hash: 'h' } },
});

describe('the judge of the fault tests', () => {
  describe('I6', () =>
    finds('I6', [
      [
        'two primaries for a moment',
        () => ({ ...good, doublePrimaries: [{ atMs: 1, nodes: ['n1', 'n2'] }] }),
        /at the same time/,
      ],
      [
        'two primaries in the end',
        () => ({ ...good, now: { ...good.now, writable: ['n1', 'n2'] } }),
        /n1 and n2 accept writes/,
      ],
      ['no primary in the end', () => ({ ...good, now: { ...good.now, writable: [] } }), /no database accepts writes/],
      [
        'a promotion that nobody was fenced from',
        () => databasesWere([...steady, { node: 'n2', is: 'primary', journaled: { [run]: 4 } }]),
        /n1 and n2 accepted writes from clients/,
      ],
      [
        'two primaries again, after those that were there before anybody began',
        () =>
          databasesWere([
            { node: 'n1', is: 'primary', journaled: {} },
            { node: 'n2', is: 'primary', journaled: {} },
            { node: 'n2', is: 'fenced', journaled: { [run]: 3 } },
            { node: 'n2', is: 'primary', journaled: { [run]: 5 } },
          ]),
        /n1 and n2 accepted writes from clients/,
      ],
      [
        'a good end without a standby',
        () => databasesWere([...steady, { node: 'n2', is: 'fenced', journaled: { [run]: 4 } }], copying),
        /without one database/,
      ],
      [
        'a standby that nothing reaches',
        () => databasesWere([...steady, { node: 'n2', is: 'standby', journaled: { [run]: 4 } }], copying),
        /without one database/,
      ],
    ]));

  describe('I6 has nothing to say', () => {
    const none = (evidence: Evidence) =>
      assert.deepEqual(
        judge(evidence).filter(({ invariant }) => invariant === 'I6'),
        [],
      );

    it('of a promotion that is fenced from clients, and a standby again before the end', () =>
      none(
        databasesWere(
          [
            ...steady,
            { node: 'n2', is: 'fenced', journaled: { [run]: 4 } },
            { node: 'n2', is: 'standby', streamsFrom: 'n1', journaled: { [run]: 12 } },
          ],
          copying,
        ),
      ));

    it('of two primaries that were there before anybody began', () =>
      none(
        databasesWere(
          [
            { node: 'n1', is: 'primary', journaled: {} },
            { node: 'n2', is: 'primary', journaled: {} },
            { node: 'n2', is: 'fenced', journaled: { [run]: 3 } },
            { node: 'n2', is: 'standby', streamsFrom: 'n1', journaled: { [run]: 5 } },
          ],
          copying,
        ),
      ));

    it('of a machine of such a split that is switched off and on before anybody has changed it', () =>
      none(
        databasesWere(
          [
            { node: 'n1', is: 'primary', journaled: {} },
            { node: 'n2', is: 'primary', journaled: {} },
            { node: 'n2', is: 'down', journaled: { [run]: 2 } },
            { node: 'n2', is: 'primary', journaled: { [run]: 3 } },
            { node: 'n2', is: 'fenced', journaled: { [run]: 4 } },
            { node: 'n2', is: 'standby', streamsFrom: 'n1', journaled: { [run]: 5 } },
          ],
          copying,
        ),
      ));

    it('of a machine that was put back to when it was a primary', () =>
      none({
        ...databasesWere([...steady, { node: 'n2', is: 'primary', journaled: { [run]: 5 } }]),
        putBack: [{ node: 'n2', journaled: { [run]: 4 } }],
      }));

    it('of a machine that goes down once all was seen to be well', () =>
      none(
        databasesWere([...steady, { node: 'n1', is: 'down', journaled: { [run]: goodFacts.length - 1 } }], copying),
      ));
  });
});
