// Until when a step is taken back, where its plan says that this has an end.
import assert from 'node:assert/strict';
import type { Plan } from '../../../coordinator/plans/plan.ts';
import { legalDecisions } from '../../../coordinator/sequencer/legal.ts';
import { drive } from './drive.ts';
import { samplePlan } from './sample-plan.ts';
import { type Fate, World } from './world.ts';

/** The first starts go well, then one fails. */
const failingAfter = (wellFirst: number): Fate[] => [...Array<Fate>(wellFirst).fill('well'), 'fails'];

describe('an abort', () => {
  it('takes a step back only until a later one that its plan names was begun, and says so before', () => {
    const limited: Plan = {
      ...samplePlan,
      items: samplePlan.items.map((item) =>
        item.id === 'stop' && item.kind === 'step' && !('noUndo' in item.undo)
          ? { ...item, undo: { ...item.undo, onlyBefore: { step: 'start', because: 'clients have written since' } } }
          : item,
      ),
    };
    const undone = (wellFirst: number) => {
      const said: string[] = [];
      const { events } = drive({
        plan: limited,
        world: new World({ fates: failingAfter(wellFirst) }),
        operator: (legal, now) => {
          said.push(legalDecisions(limited, now).find(({ decision }) => decision === 'abort')?.consequence ?? '');
          return legal.includes('approve') ? 'approve' : legal.includes('abort') ? 'abort' : undefined;
        },
      });
      const ends = events.flatMap(({ fact }) => (fact.type === 'ItemUndone' ? [fact] : []));
      return { stop: ends.find(({ item }) => item === 'stop'), said: said.join() };
    };
    const before = undone(3);
    assert.equal(before.stop?.how, 'undone');
    assert.doesNotMatch(before.said, /stays as it is: step stop/);
    const after = undone(4);
    assert.equal(after.stop?.how, 'nothing-to-undo');
    assert.equal(after.stop?.note, 'clients have written since');
    assert.match(after.said, /stays as it is: step stop/);
  });
});
