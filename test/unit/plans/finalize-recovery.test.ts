// What a recovery has set aside is removed: only where it has set something aside, and while master and standby serve.
import assert from 'node:assert/strict';
import { compilePlan } from '../../../coordinator/plans/compile.ts';
import type { Plan } from '../../../coordinator/plans/plan.ts';
import type { RunState } from '../../../coordinator/sequencer/state.ts';
import { profilesOf, steps } from './compiled.ts';
import { cluster, compileRecover, databases, promoted, server, stopped } from './recover-facts.ts';
import { stoppedAt } from './rollback-facts.ts';

const of = 'recover-1';
const planOf = (change: Parameters<typeof compileRecover>[0], options = {}): Plan => {
  const compiled = compileRecover(change, options);
  assert.ok(compiled.ok, compiled.ok ? '' : compiled.failure.message);
  return compiled.value.plan;
};
const ended = (plan: Plan, status: 'succeeded' | 'aborted' = 'succeeded'): RunState => ({
  ...stoppedAt(steps(plan.items).at(-1)?.id, 'succeeded', plan),
  status,
  ended: { type: 'RunEnded', status, message: '', failoverArmed: 'armed' },
});
const finalize = (plan: Plan, state: RunState = ended(plan)) =>
  compilePlan('finalize', cluster, { of }, profilesOf(cluster), { installed: {}, finalize: { of, plan, state } });
const anew = planOf(databases(server('n1'), undefined));
const fromStandby = planOf(databases(stopped('n1'), promoted('1/20000100')), { primary: 'n2' });

describe('plan of giving up what a recovery has set aside', () => {
  it('removes it where something was, the master’s last, and only what that run has set aside', () => {
    for (const [plan, nodes] of [
      [anew, ['n2']],
      [fromStandby, ['n2', 'n1']],
    ] as const) {
      const compiled = finalize(plan);
      assert.ok(compiled.ok, compiled.ok ? '' : compiled.failure.message);
      const { items } = compiled.value.plan;
      assert.deepEqual(
        items.map(({ id }) => id),
        ['preflight.agents', 'preflight.databases', ...nodes.map((node) => `finalize.${node}.drop-asides`)],
      );
      for (const { action } of steps(items)) assert.deepEqual(action, { kind: 'dropAsides', run: of });
      assert.equal(compiled.value.costs?.length, nodes.length);
      assert.match(compiled.value.costs?.[0] ?? '', /set aside on n2 is removed/);
    }
  });

  it('is refused of one that stands, and of one that has set nothing aside', () => {
    const { ended: _, ...open } = ended(anew);
    const standing = finalize(anew, { ...open, status: 'halted' });
    assert.match(standing.ok ? '' : standing.failure.message, /recover-1 is halted: .* may still be needed/);
    const healthy = planOf({});
    const nothing = finalize(healthy);
    assert.match(nothing.ok ? '' : nothing.failure.message, /has set nothing aside/);
    const { ended: aborted } = ended(anew, 'aborted');
    const before = finalize(anew, { ...stoppedAt(undefined, 'failed', anew), ...(aborted && { ended: aborted }) });
    assert.match(before.ok ? '' : before.failure.message, /has set nothing aside/);
  });
});
