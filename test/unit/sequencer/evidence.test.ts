import assert from 'node:assert/strict';
import type { Plan } from '../../../coordinator/plans/plan.ts';
import type { Key } from '../../../shared/key.ts';
import { drive } from './drive.ts';
import { samplePlan } from './sample-plan.ts';
import { type Fate, World } from './world.ts';

const install = (attempt: number): Key => ({ run: 'upgrade-1', step: 'install', phase: 'do', attempt });
const installerGoes = (...fates: Fate[]): Fate[] => ['well', 'well', 'well', ...fates];

describe('evidence that nobody waited for', () => {
  it('journals an outcome that arrives while the run stands, and a retry then verifies instead of running again', () => {
    const world = new World({ fates: installerGoes('unknown-without-effect') });
    const { state, events } = drive({
      plan: samplePlan,
      world,
      onEvent: ({ fact }) => {
        if (fact.type !== 'RunHalted' || fact.halt.reason !== 'step-unknown') return;
        world.marks.add('install');
        world.tell(install(1), 'succeeded');
      },
      operator: (legal) => (legal.includes('approve') ? 'approve' : 'retry'),
    });
    const told = events.flatMap(({ fact }) =>
      fact.type === 'OutcomeRecorded' && fact.item === 'install' ? [`${fact.outcome.verdict} ${fact.late}`] : [],
    );
    assert.equal(state.status, 'succeeded');
    assert.deepEqual(told, ['unknown false', 'succeeded false']);
    assert.equal(world.started.filter(({ step }) => step === 'install').length, 1);
  });

  it('keeps a late outcome of a settled attempt, and halts when the installer had succeeded after all', () => {
    const world = new World({ fates: installerGoes('unknown-without-effect') });
    const reasons: unknown[] = [];
    const { events } = drive({
      plan: samplePlan,
      world,
      onEvent: ({ fact }) => {
        if (fact.type === 'StepStarted' && fact.item === 'install' && fact.attempt === 2)
          world.tell(install(1), 'succeeded');
      },
      operator: (legal, now) => {
        reasons.push(now.halt?.reason);
        if (now.halt?.reason === 'evidence-contradicts') return undefined;
        return legal.includes('approve') ? 'approve' : 'retry';
      },
    });
    assert.ok(events.some(({ fact }) => fact.type === 'OutcomeRecorded' && fact.late));
    assert.deepEqual(reasons, ['step-unknown', 'evidence-contradicts']);
    // What ran at that moment came to its end first.
    const last = events.filter(({ fact }) => fact.type === 'ItemSucceeded').at(-1)?.fact;
    assert.ok(last?.type === 'ItemSucceeded' && last.item === 'install');
  });

  it('goes on after a person has looked at the contradiction', () => {
    const world = new World({ fates: installerGoes('unknown-without-effect') });
    const { state } = drive({
      plan: samplePlan,
      world,
      onEvent: ({ fact }) => {
        if (fact.type === 'StepStarted' && fact.item === 'install' && fact.attempt === 2)
          world.tell(install(1), 'succeeded');
      },
      operator: (legal) => (legal.includes('approve') ? 'approve' : 'retry'),
    });
    assert.equal(state.status, 'succeeded');
  });

  it('does not take an unknown end for success where nothing tells what it should leave', () => {
    const plan: Plan = {
      ...samplePlan,
      items: samplePlan.items.map((item) =>
        item.id === 'install' && item.kind === 'step' ? { ...item, then: [] } : item,
      ),
    };
    const { state } = drive({ plan, world: new World({ fates: installerGoes('unknown-with-effect') }) });
    assert.equal(state.halt?.reason, 'step-unknown');
    assert.notEqual(state.items.install?.status, 'succeeded');
  });

  it('does not take for success what may have been so before the step either: a person has to look', () => {
    const items = samplePlan.items.map((item) =>
      item.id === 'install' ? { ...item, thenMayHoldBefore: true as const } : item,
    );
    const standsBy = (plan: Plan) =>
      drive({ plan, world: new World({ fates: installerGoes('unknown-with-effect') }) }).state.halt?.reason;
    assert.equal(standsBy(samplePlan), 'approval');
    assert.equal(standsBy({ ...samplePlan, items }), 'step-unknown');
  });

  it('gives a newer leader time to show itself, then halts: this coordinator was restored', () => {
    const world = new World({ fates: installerGoes('old-epoch') });
    const { state, instructions } = drive({ plan: samplePlan, world });
    assert.equal(state.status, 'awaiting-operator');
    assert.equal(state.halt?.reason, 'restored-state');
    assert.match(state.halt?.message ?? '', /newer coordinator.*restart/s);
    const refused = instructions.filter(
      (one) => one.kind === 'append' && one.fact.type === 'OutcomeRecorded' && one.fact.outcome.verdict === 'refused',
    );
    const halted = instructions.findIndex((one) => one.kind === 'append' && one.fact.type === 'RunHalted');
    assert.ok(refused.every((one) => instructions.indexOf(one) > halted));
  });
});
