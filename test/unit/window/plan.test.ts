// The window in compiled plans: a gate at the very beginning, whose acceptance is known, and predictions from past runs that
// make no other plan of it.
import assert from 'node:assert/strict';
import { compilePlan } from '../../../coordinator/plans/compile.ts';
import { describePlan } from '../../../coordinator/plans/describe.ts';
import { expectedFrom } from '../../../coordinator/plans/expected.ts';
import { preflightChecks } from '../../../coordinator/plans/preflight.ts';
import { minutes } from '../../../shared/units.ts';
import { cluster, labCluster } from '../checks/world.ts';
import { compile, installed, profilesOf, upgradeParameters } from '../plans/compiled.ts';

const windowed = labCluster((text) => `${text}window: { from: '01:00', to: '05:00', timezone: UTC }\n`);

describe('the window of a plan', () => {
  it('is asked for first, with what the plan needs and a way back', () => {
    const { plan } = compile('upgrade', windowed);
    const [first] = plan.items;
    assert.equal(first?.id, 'preflight.window');
    const [ref] = first.kind === 'gate' ? first.checks : [];
    assert.ok(Number(ref?.params.neededMs) > plan.predicted.durationMs);
  });

  it('is none where the cluster file has none', () => {
    assert.notEqual(compile('upgrade', cluster).plan.items[0]?.id, 'preflight.window');
    assert.ok(!preflightChecks(cluster).some(({ check }) => check === 'window-open'));
  });

  it('may be accepted as closed, with a reason that stands in the plan', () => {
    const accept = { 'window-open': 'the manager has called' };
    const { plan } = compile('upgrade', windowed, { ...upgradeParameters, accept });
    const [first] = plan.items;
    assert.equal(first?.kind === 'gate' && first.checks[0]?.accepted, accept['window-open']);
  });

  it('is told with predictions from past runs, which leave the plan’s hash as it is', () => {
    const expected = expectedFrom([{ 'master.install': minutes(42) }]);
    const compiled = compilePlan('upgrade', windowed, upgradeParameters, profilesOf(windowed), { installed, expected });
    assert.ok(compiled.ok);
    const guessed = compile('upgrade', windowed);
    assert.equal(compiled.value.hash, guessed.hash);
    const [known, guess] = [compiled.value, guessed].map(describePlan);
    assert.deepEqual(known?.predictedFrom, { runs: 1 });
    assert.equal(guess?.predictedFrom, undefined);
    assert.equal(known?.items.find(({ id }) => id === 'master.install')?.predictedMs, minutes(42));
    assert.ok((known?.predicted.outageMs ?? 0) > (guess?.predicted.outageMs ?? 0));
  });
});
