// The old servers of a database upgrade are removed: only of one that ended well, and only while the new ones serve.
import assert from 'node:assert/strict';
import { compilePlan } from '../../../coordinator/plans/compile.ts';
import type { RunState } from '../../../coordinator/sequencer/state.ts';
import { profilesOf, stepOf } from './compiled.ts';
import { cluster, compileDatabase } from './database-facts.ts';
import { stoppedAt } from './rollback-facts.ts';

const of = 'db-upgrade-1';
const { plan } = compileDatabase();
const state: RunState = {
  ...stoppedAt('verify.remove-file', 'succeeded', plan),
  status: 'succeeded',
  ended: { type: 'RunEnded', status: 'succeeded', message: '', failoverArmed: 'armed' },
};
const compile = (changed: Partial<RunState> = {}) =>
  compilePlan('finalize', cluster, { of }, profilesOf(cluster), {
    installed: {},
    finalize: { of, plan, state: { ...state, ...changed } },
  });

describe('plan of giving up the old servers of a database upgrade', () => {
  it('removes them on both nodes, the master’s last, and says that there is no way back then', () => {
    const compiled = compile();
    assert.ok(compiled.ok, compiled.ok ? '' : compiled.failure.message);
    const { items } = compiled.value.plan;
    assert.deepEqual(
      items.map(({ id }) => id),
      ['preflight.agents', 'preflight.servers', 'finalize.n2.drop-server', 'finalize.n1.drop-server'],
    );
    const drop = stepOf(items, 'finalize.n1.drop-server');
    assert.deepEqual(drop.action, { kind: 'dropServer', major: 16, name: 'main' });
    assert.match(drop.pointOfNoReturn ?? '', /a restore from a backup/);
    assert.match(compiled.value.costs?.[0] ?? '', /db-upgrade-1 can no longer be rolled back/);
  });

  it('looks first whether the new servers serve and replicate', () => {
    const compiled = compile();
    const gate = compiled.ok ? compiled.value.plan.items[1] : undefined;
    assert.deepEqual(gate?.kind === 'gate' ? gate.checks.map(({ check, params }) => [check, params.major]) : [], [
      ['server-in-service', 17],
      ['server-in-service', 17],
      ['replication-streaming', undefined],
    ]);
  });

  it('removes them too where a recovery has taken the run over, as long as the new ones serve', () => {
    const ended = { type: 'RunEnded', status: 'aborted', message: '', failoverArmed: 'armed' } as const;
    const handedTo = (to: string): Partial<RunState> => ({
      ...{ status: 'aborted', ended, successor: { run: `${to}-1`, plan: to } as NonNullable<RunState['successor']> },
    });
    const compiled = compile(handedTo('recover'));
    assert.ok(compiled.ok, compiled.ok ? '' : compiled.failure.message);
    assert.equal(compiled.value.plan.items[1]?.id, 'preflight.servers');
    assert.ok(!compile(handedTo('rollback')).ok);
    const aborted = compile({ status: 'aborted', ended });
    assert.match(aborted.ok ? '' : aborted.failure.message, /baton run rollback db-upgrade-1 first/);
  });

  it('is refused of one that stands, or that was aborted', () => {
    const { ended: _, ...open } = state;
    for (const status of ['halted', 'aborted'] as const) {
      const refused = compilePlan('finalize', cluster, { of }, profilesOf(cluster), {
        installed: {},
        finalize: { of, plan, state: { ...open, status } },
      });
      assert.ok(!refused.ok);
      assert.equal(refused.failure.code, 'not-in-state');
      assert.match(
        refused.failure.message,
        new RegExp(`db-upgrade-1 is ${status}: its old servers may still be needed`),
      );
    }
  });
});
