// A run that no longer fits into its window: held before it begins something more, never while the portal is down, and gone on
// with by a person's word only.
import assert from 'node:assert/strict';
import type { CheckRef } from '../../../coordinator/checks/check.ts';
import { expectedFrom, neededFrom } from '../../../coordinator/plans/expected.ts';
import type { Plan } from '../../../coordinator/plans/plan.ts';
import { legalDecisions } from '../../../coordinator/sequencer/legal.ts';
import { minutes, seconds } from '../../../shared/units.ts';
import { type Drive, drive } from '../sequencer/drive.ts';
import { sampleGate, samplePlan } from '../sequencer/sample-plan.ts';
import { World } from '../sequencer/world.ts';

/** It knows marks only; of the window the test says by its own time. */
class Windowed extends World {
  override check(refs: CheckRef[]): ReturnType<World['check']> {
    return super.check(refs.filter(({ check }) => check !== 'window-open'));
  }
}

const gate = (more: Partial<CheckRef> = {}) =>
  sampleGate('window', [{ check: 'window-open', params: { neededMs: 1 }, ...more }]);
const items = samplePlan.items.filter(({ kind }) => kind !== 'approval');
const planned = (more: Partial<CheckRef> = {}): Plan => ({
  ...samplePlan,
  cluster: { ...samplePlan.cluster, window: { days: ['sat'], from: '01:00', to: '05:00', timezone: 'UTC' } },
  items: [gate(more), ...items],
});
const plan = planned();
const closesAtMs = Date.parse('2026-11-28T05:00:00Z');
const indexOf = (id: string) => plan.items.findIndex((item) => item.id === id);
const needed = (id: string) => neededFrom(plan.items, indexOf(id), undefined);

type OnEvent = (...told: [...Parameters<NonNullable<Drive['onEvent']>>, late: (ms: number) => void]) => void;

/** Runs with so much of the window left at the beginning. */
function runWith(leftMs: number, { onEvent, ...more }: Omit<Partial<Drive>, 'onEvent'> & { onEvent?: OnEvent } = {}) {
  const world = new Windowed();
  let atZeroMs = closesAtMs - leftMs;
  const driven = drive({
    plan,
    world,
    wallMs: () => atZeroMs + world.nowMs,
    onEvent: (event, state) =>
      onEvent?.(event, state, (ms) => {
        atZeroMs += ms;
      }),
    ...more,
  });
  const started = driven.events.flatMap(({ fact }) => (fact.type === 'StepStarted' ? [fact.item] : []));
  return { ...driven, started };
}

describe('a run in a maintenance window', () => {
  it('goes through where the rest and a way back fit', () => {
    const { state } = runWith(needed('window') + minutes(5));
    assert.equal(state.status, 'succeeded');
  });

  it('stands before the first change where they do not, and says when the window opens next', () => {
    const { state, started } = runWith(needed('suspend') - seconds(1));
    assert.equal(state.status, 'awaiting-operator');
    assert.equal(state.halt?.reason, 'window');
    assert.equal(state.halt.item, 'suspend');
    assert.match(state.halt.message, /closes in .*opens next Sat 2026-12-05 01:00 UTC/);
    assert.deepEqual(started, ['stage'], 'something of the cluster was changed');
    assert.deepEqual(
      legalDecisions(plan, state).map(({ decision }) => decision),
      ['retry', 'approve', 'abort', 'rollback'],
    );
  });

  it('is never held while the portal is down, however late it is', () => {
    // Stopping takes until long after the window; the installer is still to come.
    const { state, started } = runWith(needed('window') + minutes(5), {
      onEvent: ({ fact }, _state, late) => {
        if (fact.type === 'StepStarted' && fact.item === 'stop') late(minutes(600));
      },
    });
    assert.ok(started.includes('start'), 'the portal was left down');
    assert.equal(state.halt?.item, 'install-standby', 'the next change outside of the window was begun');
    assert.match(state.halt.message, /the window is closed/);
  });

  it('goes on to the end once somebody has approved it, also after a takeover', () => {
    let crashes = 1;
    const { state, events } = runWith(0, {
      operator: (legal) => (legal.includes('approve') ? 'approve' : undefined),
      isCrash: (instruction) => instruction.kind === 'send' && instruction.key.step === 'install' && crashes-- > 0,
    });
    assert.equal(state.status, 'succeeded');
    const words = events.filter(({ fact }) => fact.type === 'OperatorDecided');
    assert.equal(words.length, 1);
  });

  it('is held again by a retry as long as the window is closed, and ends with an abort', () => {
    const said: string[] = [];
    const { state } = runWith(0, {
      operator: (legal) => {
        const word = said.length < 2 ? 'retry' : 'abort';
        assert.ok(legal.includes(word));
        said.push(word);
        return word;
      },
    });
    assert.deepEqual(said, ['retry', 'retry', 'abort']);
    assert.equal(state.status, 'aborted');
  });

  it('is not held where somebody has accepted that the window is closed', () => {
    const accepted = planned({ accepted: 'the manager has called' });
    assert.equal(runWith(0, { plan: accepted }).state.status, 'succeeded');
  });

  it('is not held where its plan does not ask for the window, as older plans do not', () => {
    assert.equal(runWith(0, { plan: { ...plan, items } }).state.status, 'succeeded');
  });
});

describe('what is needed of a window', () => {
  it('is the rest of the plan and the way back, by the slow ones among this site’s own runs', () => {
    const expected = expectedFrom([
      { install: minutes(5), stop: 1 },
      { install: minutes(6) },
      { install: minutes(30) },
    ]);
    assert.deepEqual(expected.items.install, { medianMs: minutes(6), p90Ms: minutes(30) });
    const guessed = neededFrom(plan.items, indexOf('install'), undefined);
    // Its undo is none, so it counts once.
    const known = neededFrom(plan.items, indexOf('install'), {
      ...expected,
      items: { install: { medianMs: 0, p90Ms: minutes(30) } },
    });
    assert.equal(known - guessed, minutes(30) - 1_000);
    assert.ok(neededFrom(plan.items, 0, undefined) > guessed);
  });
});
