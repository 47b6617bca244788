// What a run takes for so, looked at again once somebody else has had the cluster in hand: before anything is waited for,
// and before the run is called done.
import assert from 'node:assert/strict';
import type { RunEvent } from '../../../coordinator/journal/event.ts';
import type { Plan, PlanItem } from '../../../coordinator/plans/plan.ts';
import type { RunState } from '../../../coordinator/sequencer/state.ts';
import { minutes } from '../../../shared/units.ts';
import { drive } from './drive.ts';
import { lacksMark, sampleGate, samplePlan } from './sample-plan.ts';
import { World } from './world.ts';

const isStart = ({ fact }: RunEvent, item: string): boolean => fact.type === 'StepStarted' && fact.item === item;

function planWith(gate: PlanItem, before: string): Plan {
  const at = samplePlan.items.findIndex(({ id }) => id === before);
  return { ...samplePlan, items: samplePlan.items.toSpliced(at, 0, gate) };
}

/** The coordinator dies once, in sight of this state, and something happens before the next one leads. */
function takenOver(
  plan: Plan,
  isNow: (state: RunState, events: RunEvent[]) => boolean,
  happen: (world: World) => void,
) {
  const world = new World();
  const events: RunEvent[] = [];
  let now: RunState | undefined;
  let isOver = false;
  const startedAtMs = world.nowMs;
  const { state } = drive({
    plan,
    world,
    onEvent: (event, state) => {
      events.push(event);
      now = state;
    },
    isCrash: () => {
      if (isOver || now === undefined || !isNow(now, events)) return false;
      isOver = true;
      happen(world);
      return true;
    },
    operator: (legal, { halt }) => (halt?.reason === 'approval' && legal.includes('approve') ? 'approve' : undefined),
  });
  assert.ok(isOver);
  return { state, events, elapsedMs: world.nowMs - startedAtMs };
}

describe('what was read before a takeover', () => {
  const verified = planWith(sampleGate('streams', [lacksMark('broken')], { phase: 'Verify' }), 'ticket');
  const isEnding = (state: RunState): boolean => state.items.well?.isDone === true && state.ended === undefined;

  it('is read again before the run is called done: also what was verified before the last step', () => {
    const { state } = takenOver(verified, isEnding, (world) => world.marks.add('broken'));
    assert.equal(state.halt?.reason, 'gate-failed');
    assert.equal(state.halt?.item, 'streams');
  });

  it('lets the run end where it is still so', () => {
    const { state, events } = takenOver(verified, isEnding, () => undefined);
    assert.equal(state.status, 'succeeded', state.halt?.message ?? '');
    const reads = events.flatMap(({ fact }) => (fact.type === 'ChecksRead' && fact.of === 'gate' ? [fact.item] : []));
    assert.deepEqual(reads.slice(-4), ['streams', 'well', 'streams', 'well']);
  });

  for (const [what, isNow] of [
    ['in the middle of a gate', (state: RunState) => state.items.stop?.isDone === true],
    ['behind it', (state: RunState) => state.items.patient?.isDone === true],
  ] as const)
    it(`is read again before a patient gate is waited for, ${what}`, () => {
      const gate = sampleGate('patient', [lacksMark('stop-is-gone')], { withinMs: minutes(60) });
      const { state, elapsedMs } = takenOver(planWith(gate, 'install'), isNow, (world) => {
        world.marks.delete('stop');
        world.marks.add('stop-is-gone');
      });
      assert.equal(state.halt?.reason, 'postcondition-failed');
      assert.equal(state.halt?.item, 'stop');
      assert.ok(elapsedMs < minutes(5), `${elapsedMs} ms`);
    });

  it('does not count for the suspension, which is looked at once the waiting is over', () => {
    const gate = sampleGate('patient', [lacksMark('busy')], { withinMs: minutes(60) });
    const { events } = takenOver(
      planWith(gate, 'install'),
      (state) => state.items.patient?.isDone === true,
      () => undefined,
    );
    const start = events.findIndex((event) => isStart(event, 'install'));
    const reads = events.slice(0, start).flatMap(({ fact }) => (fact.type === 'ChecksRead' ? [fact.item] : []));
    assert.deepEqual(reads.slice(-3), ['stop', 'patient', 'suspend']);
  });
});
