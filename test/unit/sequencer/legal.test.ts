// What is said to be possible at a halt, and what it would lead to.
import assert from 'node:assert/strict';
import { presenceOf } from '../../../coordinator/fleet/presence.ts';
import type { NodeRecord, PresenceRecord } from '../../../coordinator/fleet/tables.ts';
import type { Plan } from '../../../coordinator/plans/plan.ts';
import { legalDecisions, nextCommands } from '../../../coordinator/sequencer/legal.ts';
import { nodesSeen } from '../../../coordinator/sequencer/seen.ts';
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

describe('an agent that is not served', () => {
  const presence = {
    ...{ node: 'n1', session: 's', coordinator: 'c', connected: false, hold: false, agentVersion: '1' },
    ...{ lastSeenMs: 0, runningKey: '' },
  };
  const node = { name: 'n1', serial: '1', revokedAtMs: 0, ledger: { generation: 'g1', counter: 1 }, lastSeenMs: 0 };
  const commandsOf = (record: Partial<NodeRecord>, stream: Partial<PresenceRecord>): string[] => {
    const found = presenceOf({ ...node, ...record } as NodeRecord, { ...presence, ...stream }, 0);
    const state = haltedAfter(plan);
    assert.deepEqual(legalDecisions(plan, state, nodesSeen([found])), []);
    return nextCommands(plan, state, nodesSeen([found])).map(({ command }) => command);
  };

  it('because its node was put back has to join anew', () => {
    const why = 'n1: its ledger went back';
    for (const stream of [{}, { refusal: why }])
      assert.deepEqual(commandsOf({ restored: why }, stream), [
        'baton node revoke n1',
        'baton node add n1 --role master',
      ]);
  });
  it('because it has obeyed a newer epoch is served again once the coordinator is restarted', () => {
    assert.deepEqual(commandsOf({}, { refusal: 'n1: its agent has obeyed epoch 9' }), [
      'systemctl restart baton-coordinator',
    ]);
  });
});
