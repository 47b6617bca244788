// What a rollback has kept is given up: only by name, only once the rollback is over.
import assert from 'node:assert/strict';
import { compilePlan } from '../../../coordinator/plans/compile.ts';
import type { FinalizeFacts } from '../../../coordinator/plans/finalize.ts';
import type { RunState } from '../../../coordinator/sequencer/state.ts';
import { profilesOf, stepOf } from './compiled.ts';
import { cluster, factsOf, rollbackOf, stoppedAt, upgrade } from './rollback-facts.ts';

const of = 'rollback-1';
const { plan } = rollbackOf(factsOf(stoppedAt('standby.install')));
const ended = { type: 'RunEnded', status: 'rolled-back', message: '', failoverArmed: 'armed' } as const;
const over = (id: string): RunState => ({ ...stoppedAt(id, 'succeeded', plan), status: 'rolled-back', ended });
const compile = (facts: Partial<FinalizeFacts> = {}) =>
  compilePlan('finalize', cluster, { of }, profilesOf(cluster), {
    installed: {},
    finalize: { of, plan, state: over('arm-failover'), ...facts },
  });
const refusal = (facts: Partial<FinalizeFacts>): string => {
  const result = compile(facts);
  assert.ok(!result.ok, 'it was compiled');
  return result.failure.message;
};

describe('plan of giving up what a rollback has kept', () => {
  it('drops the database that this rollback has set aside, and says what is lost with it', () => {
    const compiled = compile();
    assert.ok(compiled.ok, compiled.ok ? '' : compiled.failure.message);
    const step = stepOf(compiled.value.plan.items, 'finalize.drop-database');
    assert.deepEqual(step.action, { kind: 'dropDatabase', database: 'baton-aside-rollback-1' });
    assert.match(step.pointOfNoReturn ?? '', /lost with it/);
    assert.match(compiled.value.costs?.[0] ?? '', /cannot be had back/);
  });

  it('is refused while the rollback goes on, and where it has set nothing aside', () => {
    const { ended: _, ...open } = over('arm-failover');
    assert.match(
      refusal({ state: { ...open, status: 'halted' } }),
      /rollback-1 is halted: what it has set aside may still be needed/,
    );
    assert.match(refusal({ state: over('master.stop-services') }), /has set no database aside/);
  });

  it('is refused for a run that went no way back, or of another cluster', () => {
    assert.match(refusal({ plan: upgrade }), /one of upgrade; .*name that run/);
    assert.match(
      refusal({ plan: { ...plan, cluster: { ...plan.cluster, cluster: 'other' } } }),
      /of cluster other, not of lab/,
    );
  });
});
