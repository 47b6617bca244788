// What is said to be possible at a halt, and what it would lead to.
import assert from 'node:assert/strict';
import { presenceOf } from '../../../coordinator/fleet/presence.ts';
import type { NodeRecord, PresenceRecord } from '../../../coordinator/fleet/tables.ts';
import type { Plan } from '../../../coordinator/plans/plan.ts';
import { legalDecisions, nextCommands } from '../../../coordinator/sequencer/legal.ts';
import { defaultLimits } from '../../../coordinator/sequencer/limits.ts';
import { recoverAnew } from '../../../coordinator/sequencer/roll-back-offer.ts';
import { nodesSeen, nothingSeen } from '../../../coordinator/sequencer/seen.ts';
import { initialState, type RunState } from '../../../coordinator/sequencer/state.ts';
import { decideUndo } from '../../../coordinator/sequencer/undo.ts';
import { compile, stepOf } from '../plans/compiled.ts';
import { compileRecover, databases, promoted, server } from '../plans/recover-facts.ts';
import { factsOf, rollbackOf, stoppedAt } from '../plans/rollback-facts.ts';

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
  it('tells the names of a run’s own things with the run in them', () => {
    const all = compile().plan.items.flatMap((item) => (item.kind === 'step' ? [item.id] : []));
    const told = nextCommands(plan, haltedAfter(plan, ...all), nothingSeen.nodes)
      .map(({ consequence }) => consequence)
      .join();
    assert.match(told, /Create the test ticket baton-test-upgrade-1/);
    assert.doesNotMatch(told, /\{\{/);
  });

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

describe('an abort of a recovery of two primaries', () => {
  const recovery = compileRecover(databases(server('n1'), promoted('1/20000100')), { primary: 'n2' });
  assert.ok(recovery.ok);
  const split = recovery.value.plan;
  const abort = (...done: string[]): string =>
    legalDecisions(split, haltedAfter(split, ...done)).find(({ decision }) => decision === 'abort')?.consequence ?? '';

  it('is said to leave the second one fenced, and what opens it, until it is made anew', () => {
    assert.match(
      abort('suspend-failover', 'master.fence-database'),
      /nothing is undone.*; the database on n1 stays fenced: .*baton recover lab/,
    );
    assert.doesNotMatch(abort('suspend-failover'), /fenced/);
    assert.doesNotMatch(abort('master.fence-database', 'master.copy-database'), /fenced/);
  });

  it('and the command that plans anew say again what was told', () => {
    assert.match(abort('suspend-failover'), /baton recover lab --primary n2 plans anew from there/);
    const command = (parameters: object) => recoverAnew({ ...split, parameters: { ...parameters } });
    assert.equal(command({}), 'baton recover lab');
    assert.equal(
      command({ applicationFrom: 'upgrade-1', databaseFrom: 'upgrade-2' }),
      'baton recover lab --application-from upgrade-1 --database-from upgrade-2',
    );
  });
});

describe('an abort of a rollback', () => {
  const { plan: back } = rollbackOf(factsOf(stoppedAt('master.install')));
  const halted: RunState = {
    ...haltedAfter(back, 'suspend-failover', 'master.stop-services'),
    run: 'rollback-1',
    halt: { item: 'master.restore-application', reason: 'step-failed', message: '', evidence: '', checks: [] },
  };
  it('is said to undo nothing, and what to say then', () => {
    const { consequence } = legalDecisions(back, halted).find(({ decision }) => decision === 'abort') ?? {};
    assert.match(
      consequence ?? '',
      /half done, and nothing is undone: .*stopped stays stopped.*baton run rollback upgrade-1/,
    );
  });
  it('ends with what it had begun, and offers to begin anew', () => {
    const items = Object.entries(halted.items).map(([id, item]) => [id, { ...item, isUndone: true }] as const);
    const seen = { ...nothingSeen, failover: { is: 'suspended' as const, sequence: 99, firstAtMs: 0, lastAtMs: 0 } };
    const state: RunState = {
      ...halted,
      ...{ status: 'running', direction: 'undo', lastType: 'PortalMetered', items: Object.fromEntries(items) },
    };
    const next = decideUndo({ plan: back, state, seen, nowMs: 1, limits: defaultLimits });
    assert.ok(next.kind === 'append' && next.fact.type === 'RunEnded');
    assert.match(
      next.fact.message,
      /aborted half done, nothing is undone.*It had begun: Suspend failover.*; Make sure/,
    );
    const ended: RunState = { ...state, status: 'aborted', ended: next.fact };
    assert.deepEqual(
      nextCommands(back, ended, {}).map(({ command }) => command),
      ['baton run rollback upgrade-1'],
    );
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
