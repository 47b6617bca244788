// What the operator's service makes of a rollback's start: a hand-over while the run stands, an ordinary start once it has
// ended, and one successor however often the same request arrives.
import assert from 'node:assert/strict';
import type { ReadAction } from '../../../coordinator/checks/check.ts';
import { compile } from '../../../coordinator/operator/compile-plan.ts';
import { decideRun, type RunParts, startRun } from '../../../coordinator/operator/runs.ts';
import { runIdOf, type StartRequest } from '../../../coordinator/runs/opening.ts';
import type { RunState } from '../../../coordinator/sequencer/state.ts';
import { fail, ok, type Result } from '../../../shared/failures.ts';
import { backupPart, healthy } from '../checks/world.ts';
import { profile } from '../plans/compiled.ts';
import { cluster, of, stoppedAt, upgrade } from '../plans/rollback-facts.ts';

const requestId = 'request-1';
const back = runIdOf('rollback', requestId);
const plan = { plan: 'rollback', cluster: cluster.cluster, parametersJson: JSON.stringify({ of }) };
const ended = { type: 'RunEnded', status: 'aborted', message: '', failoverArmed: 'suspended' } as const;

describe('starting a rollback', () => {
  let state: RunState;
  let said: string[];
  let handedOver: () => Promise<Result<string>>;
  let change: (node: string, action: ReadAction) => object | undefined;

  const read = async (node: string, action: ReadAction) => {
    const parts = ['application', 'configuration', 'database'].map((part) => ({
      ...backupPart(part, of),
      rows: part === 'database' ? [{ table: 'apolo.request', rows: 969 }] : [],
    }));
    const more = action.kind === 'readBackups' ? { parts } : {};
    return { ok: true, answer: { ...healthy(node, action), ...more, ...change(node, action) }, commands: [] };
  };
  const summary = () => ({
    ...{ id: of, cluster: cluster.cluster, plan: 'upgrade', status: state.status, operator: 'ana', startedAt: '' },
    message: '',
  });
  const parts = (): RunParts =>
    ({
      clusters: { get: async () => ok(cluster) },
      tables: {
        nodes: {
          get: async (name: string) => ok({ value: { name, profile, joinedAtMs: 1, serial: 's', revokedAtMs: 0 } }),
        },
      },
      fleet: { read },
      views: {
        list: async () => ok({ schema: 1, runs: [summary()] }),
        past: async () => ok({ compiled: { plan: upgrade }, state }),
      },
      runs: {
        startRun: async (request: StartRequest) => ok(say('start', request)),
        handOver: async (run: string, request: StartRequest & { seen?: number }) =>
          ok(say(`hand ${run} over at ${request.seen}`, request)),
        untilHandedOver: async (run: string) => {
          said.push(`wait for ${run}`);
          return await handedOver();
        },
        decide: async () => ok(undefined),
      },
      audit: { record: () => undefined },
    }) as unknown as RunParts;
  const say = (what: string, { compiled, requestId: id }: StartRequest): string => {
    said.push(what);
    return runIdOf(compiled.plan.name, id);
  };
  const hashNow = async () => {
    const compiled = await compile(parts(), plan);
    assert.ok(compiled.ok, compiled.ok ? '' : compiled.failure.message);
    return compiled.value.hash;
  };
  const start = async (planHash: string) =>
    await startRun(parts(), { plan, planHash, requestId, change: '', reason: '' }, 'ana');

  beforeEach(() => {
    state = stoppedAt('master.install');
    said = [];
    handedOver = async () => ok(back);
    change = () => undefined;
  });

  it('hands over the run that stands', async () => {
    assert.deepEqual(await start(await hashNow()), ok({ schema: 1, run: back }));
    assert.deepEqual(said, [`hand ${of} over at ${state.sequence}`]);
  });

  it('is an ordinary start where the run has ended: it holds nothing', async () => {
    state = { ...state, status: 'aborted', ended };
    assert.deepEqual(await start(await hashNow()), ok({ schema: 1, run: back }));
    assert.deepEqual(said, ['start']);
  });

  it('waits for the successor where the same request has been heard before, whatever the nodes are like by now', async () => {
    const successor = { run: back } as NonNullable<RunState['successor']>;
    state = { ...state, status: 'running', successor };
    assert.deepEqual(await start('the hash of what was agreed to'), ok({ schema: 1, run: back }));
    handedOver = async () => fail('timeout', 'not handed over yet', { retryable: true });
    const again = await start('the hash of what was agreed to');
    assert.ok(!again.ok && again.failure.retryable);
    assert.deepEqual(said, [`wait for ${of}`, `wait for ${of}`]);
  });

  it('is refused where it is another plan by now than the one that was agreed to, and nothing is said to the run', async () => {
    const agreed = await hashNow();
    state = stoppedAt('standby.install');
    const refused = await start(agreed);
    assert.equal(refused.ok ? '' : refused.failure.code, 'conflict');
    assert.deepEqual(said, []);
  });

  it('is refused before anything is touched where the nodes are not so that it can be carried out', async () => {
    const agreed = await hashNow();
    for (const [what, changed] of [
      [/n2 is the primary now, not n1/, (node: string) => ({ inRecovery: node === 'n1' })],
      [/n1 and n2 are both primaries/, () => ({ inRecovery: false })],
      [
        /database is not there or not whole/,
        (_: string, kind: string) => (kind === 'readBackups' ? { parts: [] } : {}),
      ],
    ] as const) {
      change = (node, { kind }) =>
        kind === 'readReplication' || kind === 'readBackups' ? changed(node, kind) : undefined;
      const refused = await start(agreed);
      assert.match(refused.ok ? '' : refused.failure.message, what);
      assert.deepEqual(said, []);
    }
  });

  it('is possible where another one was given up while the application’s database was set aside', async () => {
    change = (_, action) => {
      if (action.kind === 'readReplication') assert.equal(action.database, 'postgres');
      return undefined;
    };
    assert.deepEqual(await start(await hashNow()), ok({ schema: 1, run: back }));
  });

  it('says in its plan how many rows were written since the backup', async () => {
    const compiled = await compile(parts(), plan);
    assert.match((compiled.ok && compiled.value.costs?.[0]) || '', /apolo\.request: at least 31 rows written since/);
  });

  it('is no decision that can be said without its plan', async () => {
    const word = { run: of, decision: 'rollback', reason: '', requestId };
    const refused = await decideRun(parts(), word, { operator: 'ana', role: 'admin' });
    assert.match(refused.ok ? '' : refused.failure.message, /has a plan of its own.*baton run rollback/);
  });
});
