// An attempt that was refused is over only with its tombstone: the same command may still be on its way.
import assert from 'node:assert/strict';
import type { Decision, RunEvent, RunFact } from '../../../coordinator/journal/event.ts';
import type { Plan } from '../../../coordinator/plans/plan.ts';
import { stepsBegun } from '../../../coordinator/sequencer/begun.ts';
import { legalDecisions } from '../../../coordinator/sequencer/legal.ts';
import { type AttemptState, itemState, mayHaveBegun, type RunState } from '../../../coordinator/sequencer/state.ts';
import { ok } from '../../../shared/failures.ts';
import type { Outcome } from '../../../shared/outcome.ts';
import { drive } from './drive.ts';
import { lacksMark, samplePlan } from './sample-plan.ts';
import { type Fate, World } from './world.ts';

const refusedAt = (wellFirst: number): Fate[] => [...Array<Fate>(wellFirst).fill('well'), 'policy'];
const indexOf = (events: RunEvent[], isIt: (fact: RunFact) => boolean): number =>
  events.findIndex(({ fact }) => isIt(fact));
const settles = (item: string) => (fact: RunFact) => fact.type === 'AttemptSettled' && fact.item === item;
const says = (decision: Decision) => (legal: Decision[], state: RunState) => {
  if (state.halt?.reason === 'approval') return 'approve';
  return legal.includes(decision) ? decision : undefined;
};

describe('an attempt that was refused', () => {
  for (const [item, wellFirst] of [
    ['stop', 2],
    ['install', 3],
  ] as const)
    it(`is settled before the next attempt of ${item}, and stays known as refused`, () => {
      const { events, state } = drive({
        plan: samplePlan,
        world: new World({ fates: refusedAt(wellFirst) }),
        operator: says('retry'),
      });
      const settled = indexOf(events, settles(item));
      const again = indexOf(events, (fact) => fact.type === 'StepStarted' && fact.item === item && fact.attempt === 2);
      assert.ok(settled > 0 && again > settled);
      assert.equal(state.items[item]?.attempts[0]?.outcome?.verdict, 'refused');
      assert.equal(state.status, 'succeeded', state.halt?.message ?? '');
    });

  it('is settled before its step is left as it is by an abort', () => {
    const { events, state } = drive({
      plan: samplePlan,
      world: new World({ fates: refusedAt(3) }),
      operator: says('abort'),
    });
    const left = indexOf(events, (fact) => fact.type === 'ItemUndone' && fact.item === 'install');
    const settled = indexOf(events, settles('install'));
    assert.ok(settled > 0 && left > settled);
    assert.equal(state.status, 'aborted', state.halt?.message ?? '');
    assert.equal(state.items.install?.status, 'failed', 'not unknown: it was refused');
  });

  it('of an undo is settled before the next one', () => {
    // stage, suspend, stop, and an installer that fails; then the undo of stop is refused.
    const world = new World({ fates: ['well', 'well', 'well', 'fails', 'policy'] });
    let isAborted = false;
    const { events, state } = drive({
      plan: samplePlan,
      world,
      operator: (legal) => {
        if (isAborted) return legal.includes('retry') ? 'retry' : undefined;
        isAborted = true;
        return 'abort';
      },
    });
    const settled = indexOf(events, settles('stop'));
    const again = indexOf(
      events,
      (fact) => fact.type === 'StepStarted' && fact.item === 'stop' && fact.phase === 'undo' && fact.attempt === 2,
    );
    assert.ok(settled > 0 && again > settled);
    assert.equal(state.status, 'aborted', state.halt?.message ?? '');
  });

  it('and was started by the same command, sent again by the next coordinator, is not carried out once more', () => {
    const world = new World({ fates: refusedAt(3) });
    let isSent = false;
    const { events, state } = drive({
      plan: samplePlan,
      world,
      isCrash: (instruction) => {
        const isAfter = isSent;
        isSent = instruction.kind === 'send' && instruction.key.step === 'install' && world.started.length === 3;
        return isAfter && world.started.length === 3;
      },
      operator: says('retry'),
    });
    const halts = events.flatMap(({ fact }) => (fact.type === 'RunHalted' ? [fact.halt.reason] : []));
    assert.deepEqual(halts, ['step-failed', 'approval'], 'the refusal was heard first');
    assert.equal(world.started.filter(({ step }) => step === 'install').length, 1);
    assert.equal(state.items.install?.attempts[0]?.outcome?.verdict, 'succeeded');
    assert.ok(!events.some(({ fact }) => fact.type === 'OutcomeRecorded' && fact.late), 'it was not settled yet');
    assert.equal(state.status, 'succeeded', state.halt?.message ?? '');
  });

  for (const verdict of ['failed', 'unknown'] as const)
    it(`and turns out to have begun (${verdict}) when it is settled is not repeated at a word that knew nothing of it`, () => {
      const world = new World({ fates: refusedAt(3) });
      const settle = world.settle.bind(world);
      const outcome = { verdict, commands: [], startedAtMs: 1, elapsedMs: 1 };
      world.settle = (node, key) =>
        key.step === 'install' && key.attempt === 1 ? ok({ status: 'settled', outcome }) : settle(node, key);
      const halts: string[] = [];
      drive({
        plan: samplePlan,
        world,
        operator: (_, { halt }) => (halts.push(halt?.reason ?? '') === 1 ? 'retry' : undefined),
      });
      assert.deepEqual(halts, ['step-failed', verdict === 'failed' ? 'step-failed' : 'step-unknown']);
      assert.ok(!world.started.some(({ step }) => step === 'install'));
    });

  it('is undone by an abort where it turns out to have begun when it is settled', () => {
    const world = new World({ fates: refusedAt(2) });
    const settle = world.settle.bind(world);
    const outcome: Outcome = { verdict: 'failed', commands: [], startedAtMs: 1, elapsedMs: 1 };
    world.settle = (node, key) =>
      key.step === 'stop' && key.phase === 'do' ? ok({ status: 'settled', outcome }) : settle(node, key);
    const { state } = drive({ plan: samplePlan, world, operator: says('abort') });
    assert.equal(state.items.stop?.status, 'undone');
  });

  it('counts as begun once an outcome says so, also one that came after the settlement', () => {
    const told = (verdict: Outcome['verdict']): Outcome => ({ verdict, commands: [], startedAtMs: 1, elapsedMs: 1 });
    const { state } = drive({ plan: samplePlan, world: new World({ fates: refusedAt(3) }), operator: says('abort') });
    const [attempt] = state.items.install?.attempts ?? [];
    assert.ok(attempt?.isSettled);
    for (const [lateOutcome, expected] of [
      [undefined, false],
      [told('refused'), false],
      [told('failed'), true],
    ] as const) {
      const late: AttemptState = { ...attempt, ...(lateOutcome && { lateOutcome }) };
      assert.equal(mayHaveBegun(late), expected);
      const install = { ...itemState(state, 'install'), attempts: [late] };
      const begun = stepsBegun(samplePlan, { ...state, items: { ...state.items, install } });
      assert.equal(
        begun.some(({ id }) => id === 'install'),
        expected,
      );
    }
  });
});

describe('a script that has done its work and failed all the same', () => {
  const guarded: Plan = {
    ...samplePlan,
    items: samplePlan.items.map((item) =>
      item.kind === 'step' && item.id === 'install'
        ? { ...item, action: { kind: 'runHaScript', script: 'master.sh' }, before: [lacksMark('install')], redo: [] }
        : item,
    ),
  };

  it('cannot be tried again, and says that it is to be adopted', () => {
    const said: string[] = [];
    const { state } = drive({
      plan: guarded,
      world: new World({ fates: [...Array<Fate>(3).fill('well'), 'fails-after-effect'] }),
      operator: (_, now) => {
        if (now.halt?.reason === 'approval') return 'approve';
        const retry = legalDecisions(guarded, now).find(({ decision }) => decision === 'retry');
        said.push(now.halt?.message ?? '', retry?.consequence ?? '');
        return said.length === 2 ? 'retry' : 'adopt';
      },
    });
    assert.equal(said.length, 4);
    assert.match(said[1] ?? '', /as attempt 2; where the script has done its work .* adopt is the way on/);
    assert.match(
      said[2] ?? '',
      /step install must not start: .*\nAttempt 1 was begun: if it has done its work .* baton run adopt upgrade-1/s,
    );
    assert.equal(state.status, 'succeeded', state.halt?.message ?? '');
    assert.equal(state.items.install?.attempts.length, 1);
  });
});
