// A command whose intent is journaled and that its node had not begun before a takeover: its own conditions may have
// changed since, so they are read again before it goes out.
import assert from 'node:assert/strict';
import type { Decision, RunEvent } from '../../../coordinator/journal/event.ts';
import type { Plan, PlanItem } from '../../../coordinator/plans/plan.ts';
import type { Phase } from '../../../shared/key.ts';
import { drive } from './drive.ts';
import { lacksMark, samplePlan } from './sample-plan.ts';
import { type Fate, World } from './world.ts';

const guarded: Record<Phase, (item: PlanItem) => PlanItem> = {
  do: (item) => (item.kind === 'step' ? { ...item, before: [lacksMark('hindered')] } : item),
  undo: (item) =>
    item.kind === 'step' && 'action' in item.undo
      ? { ...item, undo: { ...item.undo, before: [lacksMark('hindered')] } }
      : item,
};

/** The coordinator dies between the intent and the command; meanwhile something changes. */
function play(phase: Phase, item: string, isMended: boolean) {
  const plan: Plan = {
    ...samplePlan,
    items: samplePlan.items.map((one) => (one.id === item ? guarded[phase](one) : one)),
  };
  const fates: Fate[] = phase === 'do' ? [] : ['well', 'well', 'well', 'fails'];
  const world = new World({ fates });
  let hasDied = false;
  let sentHindered = 0;
  const words: Decision[] = phase === 'do' ? ['retry', 'approve'] : ['abort', 'retry'];
  const halts: string[] = [];
  const { events, state } = drive({
    plan,
    world,
    isCrash(instruction) {
      if (instruction.kind === 'send' && world.marks.has('hindered')) sentHindered += 1;
      const isIt = instruction.kind === 'send' && instruction.key.step === item && instruction.key.phase === phase;
      if (!isIt || hasDied) return false;
      hasDied = true;
      world.marks.add('hindered');
      return true;
    },
    operator(legal, { halt }) {
      if (halt?.reason === 'approval') return 'approve';
      halts.push(`${halt?.item} ${halt?.reason}: ${halt?.message}`);
      if (halt?.item === item && hasDied) {
        if (!isMended) return undefined;
        world.marks.delete('hindered');
      }
      return words.find((word) => legal.includes(word));
    },
  });
  assert.ok(hasDied);
  assert.equal(sentHindered, 0, 'it went out while its condition did not hold');
  return { events, state, halts };
}

const readsOf = (events: RunEvent[], item: string, of: string): boolean[] =>
  events.flatMap(({ fact }) =>
    fact.type === 'ChecksRead' && fact.item === item && fact.of === of ? [fact.passed] : [],
  );

describe('a command that goes out again after a takeover', () => {
  for (const item of ['stop', 'install', 'arm'])
    it(`is not sent where a condition of ${item} no longer holds, and carried out once it does`, () => {
      const halted = play('do', item, false);
      assert.equal(halted.state.halt?.reason, 'gate-failed');
      assert.match(halted.state.halt?.message ?? '', new RegExp(`step ${item} must not start`));
      const { events, state } = play('do', item, true);
      assert.deepEqual(readsOf(events, item, 'before'), [true, false, true]);
      assert.equal(state.status, 'succeeded', state.halt?.message ?? '');
    });

  it('is sent where its conditions still hold, after another look, and its item is running all the time', () => {
    const plan: Plan = { ...samplePlan, items: samplePlan.items.map(guarded.do) };
    let hasDied = false;
    const statuses: string[] = [];
    const { events, state } = drive({
      plan,
      world: new World(),
      isCrash(instruction) {
        if (hasDied || instruction.kind !== 'send' || instruction.key.step !== 'stop') return false;
        hasDied = true;
        return true;
      },
      onEvent({ fact }, now) {
        if (hasDied && fact.type === 'ChecksRead' && fact.of === 'before' && fact.item === 'stop')
          statuses.push(now.items.stop?.status ?? '');
      },
      operator: (legal) => (legal.includes('approve') ? 'approve' : undefined),
    });
    assert.deepEqual(readsOf(events, 'stop', 'before'), [true, true]);
    assert.deepEqual(statuses, ['running']);
    assert.equal(state.status, 'succeeded', state.halt?.message ?? '');
  });

  it('of an undo is not sent where its condition no longer holds, and carried out once it does', () => {
    const halted = play('undo', 'stop', false);
    assert.equal(halted.state.halt?.reason, 'undo-failed');
    assert.match(halted.state.halt?.message ?? '', /undo of stop must not start/);
    const { events, state } = play('undo', 'stop', true);
    assert.deepEqual(readsOf(events, 'stop', 'undo-before'), [true, false, true]);
    assert.equal(state.status, 'aborted', state.halt?.message ?? '');
  });
});
