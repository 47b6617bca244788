// What an abort is said to lead to, for a plan with two installers.
import assert from 'node:assert/strict';
import type { Plan } from '../../../coordinator/plans/plan.ts';
import { legalDecisions } from '../../../coordinator/sequencer/legal.ts';
import { initialState, type RunState } from '../../../coordinator/sequencer/state.ts';
import { compile, stepOf } from '../plans/compiled.ts';

const { plan } = compile();
const run = 'upgrade-1';

/** Halted in the plan after these installers were carried out. */
function haltedAfter(of: Plan, ...done: string[]): RunState {
  const items = done.map((id) => {
    const { node, action, timeoutMs } = stepOf(of.items, id);
    const attempt = { phase: 'do' as const, attempt: 1, node, action, timeoutMs, startedSequence: 2, startedAtMs: 2 };
    const item = { status: 'succeeded' as const, attempts: [{ ...attempt, isSettled: true }], reads: {} };
    return [id, { ...item, isDone: true, isAdopted: false, isUndone: false, isRejected: false }] as const;
  });
  return {
    ...initialState(run),
    status: 'halted',
    started: { type: 'RunStarted' } as NonNullable<RunState['started']>,
    halt: { item: 'standby.install', reason: 'step-failed', message: '', evidence: '' } as NonNullable<
      RunState['halt']
    >,
    items: Object.fromEntries(items),
  };
}
const abortOf = (state: RunState): string =>
  legalDecisions(plan, state).find(({ decision }) => decision === 'abort')?.consequence ?? '';

describe('an abort', () => {
  it('between the installers is said to leave the nodes at different versions, which a further upgrade refuses', () => {
    assert.match(
      abortOf(haltedAfter(plan, 'master.install')),
      /new version stays on n1 and was not completed on n2: .*different versions.*further upgrade is refused/,
    );
  });
  it('before the first installer and after the last one says nothing of versions', () => {
    for (const done of [[], ['master.install', 'standby.install']])
      assert.doesNotMatch(abortOf(haltedAfter(plan, ...done)), /version/);
  });
});
