// What a retry carries out again first: what was put on the node for it and is gone, and nothing that is about something else.
import assert from 'node:assert/strict';
import { compilePlan } from '../../../coordinator/plans/compile.ts';
import { redoneBy } from '../../../coordinator/sequencer/redo.ts';
import { initialState, type RunState } from '../../../coordinator/sequencer/state.ts';
import { labCluster } from '../checks/world.ts';
import { installed, profilesOf, stepOf, steps, upgradeParameters } from '../plans/compiled.ts';

const cluster = labCluster((text) => `${text}backup: { snapshots: { none: 'the hypervisor has no room' } }\n`);
const compiled = compilePlan('upgrade', cluster, upgradeParameters, profilesOf(cluster), { installed, backups: [] });
assert.ok(compiled.ok);
const { plan } = compiled.value;

/** Halted at a step, all before it done; these checks had failed. */
function haltedAt(item: string, ...failed: string[]): RunState {
  const before = plan.items.slice(
    0,
    plan.items.findIndex(({ id }) => id === item),
  );
  const done = { status: 'succeeded' as const, attempts: [], reads: {}, isDone: true };
  const checks = failed.map((id) => ({ id, verdict: 'fail' }));
  return {
    ...initialState('upgrade-1'),
    status: 'halted',
    halt: { item, reason: 'not-in-force', checks } as unknown as NonNullable<RunState['halt']>,
    items: Object.fromEntries(
      before.map(({ id }) => [id, { ...done, isAdopted: false, isUndone: false, isRejected: false }]),
    ),
  };
}

describe('a retry', () => {
  it('puts back the installer that is gone, and not the backups that were verified after it', () => {
    assert.ok(stepOf(plan.items, 'backup.n2.application.verify').until === 'end');
    const next = 'standby.make-executable';
    const staged = steps(plan.items).find(({ node, action }) => node === 'n2' && action.kind === 'stageRelease');
    assert.ok(staged !== undefined);
    const redone = redoneBy(plan, haltedAt(next, ...staged.then.map(({ check }) => check)), next);
    assert.ok(redone.includes(staged.id));
    assert.deepEqual(
      redone.filter((id) => id.startsWith('backup.')),
      [],
    );
  });

  it('carries out again only what its plan names where nothing is gone', () => {
    const { redo } = stepOf(plan.items, 'standby.install');
    assert.ok(redo !== undefined);
    assert.deepEqual(redoneBy(plan, haltedAt('standby.install'), 'standby.install'), redo);
  });
});
