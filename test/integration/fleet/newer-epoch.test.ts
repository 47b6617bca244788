// What an agent knows better than a coordinator that was put back: the epoch that it has obeyed, and heads of journals.
import assert from 'node:assert/strict';
import { status } from '@grpc/grpc-js';
import { becomeLeader } from '../../../coordinator/journal/leadership.ts';
import { eventually, type Fixture, must, startFixture, TestAgent } from './fleet-fixture.ts';

const hash = 'a'.repeat(64);

describe('an agent that knows more than its coordinator', () => {
  let fixture: Fixture;
  const agents: TestAgent[] = [];
  // Of epoch 7.
  before(async () => {
    fixture = await startFixture();
  });
  after(async () => {
    for (const agent of agents) agent.close();
    await fixture.stop();
  });
  const presenceOf = async (name: string) => (await fixture.fleet.presence()).find(({ node }) => node === name);

  it('of an epoch is not served, says so wherever its node is shown, and is obeyed by the next leader', async () => {
    const own = await fixture.join('n1');
    const agent = new TestAgent(fixture, own);
    agents.push(agent);
    const heads = [{ run: 'upgrade-1', head: { sequence: 12, hash } }];
    const hello = { agentVersion: '0.1.0', ledgerGeneration: 'g', ledgerCounter: 5, highestEpoch: 9, heads };
    agent.say({ case: 'hello', value: hello });
    const ended = await agent.ended;
    assert.equal(ended.code, status.DATA_LOSS);
    const reason =
      /n1: its agent has obeyed a coordinator of epoch 9, this one has 7.*put back.*restart this one.*above 9/;
    assert.match(ended.details, reason);
    assert.equal(agent.of('welcome').length, 0);
    await eventually(async () => reason.test((await presenceOf('n1'))?.refusal ?? ''), 'its refusal is shown');
    assert.equal((await presenceOf('n1'))?.isCoordinatorBehind, true, 'nothing is wrong with the node');
    const read = await fixture.fleet.read('n1', { kind: 'readNode' }, 1_000);
    assert.ok(!read.ok && reason.test(read.failure.message));
    // True whoever leads.
    assert.deepEqual(must(await fixture.fleet.heldHeads()), [{ node: 'n1', run: 'upgrade-1', sequence: 12, hash }]);

    const { bus } = fixture.test;
    const elected = must(await becomeLeader(bus, { coordinator: 'c1', isAlone: true }));
    elected.stop();
    assert.ok(elected.epoch > 9, `epoch ${elected.epoch}`);
  });

  it('of an epoch that nobody can have reached moves no election', async () => {
    const own = await fixture.join('n2');
    const agent = new TestAgent(fixture, own);
    agents.push(agent);
    const highestEpoch = 9_007_199_254_740_991;
    agent.say({
      case: 'hello',
      value: { agentVersion: '0.1.0', ledgerGeneration: 'g', ledgerCounter: 5, highestEpoch },
    });
    const reason = /no coordinator has come that far.*node revoke n2.*ledger\.sqlite\*.*node add n2/;
    assert.match((await agent.ended).details, reason);
    await eventually(async () => reason.test((await presenceOf('n2'))?.refusal ?? ''), 'its refusal is shown');
    assert.equal(
      (await presenceOf('n2'))?.isCoordinatorBehind,
      undefined,
      'it is not the coordinator that is restarted',
    );
    const elected = must(await becomeLeader(fixture.test.bus, { coordinator: 'c1', isAlone: true }));
    elected.stop();
    assert.ok(elected.epoch < 100, `epoch ${elected.epoch}`);
  });

  it('of heads that are none is served, and they prove nothing', async () => {
    const own = await fixture.join('n3');
    const agent = new TestAgent(fixture, own);
    agents.push(agent);
    const bad = [
      { run: 'a/b', head: { sequence: 1, hash } },
      { run: 'r', head: { sequence: 1, hash: 'x' } },
      { run: 'r', head: { sequence: 0.5, hash } },
      { run: 'r' },
    ];
    await agent.hello({ highestEpoch: 7, heads: bad });
    assert.equal(must(await fixture.fleet.heldHeads()).filter(({ node }) => node === 'n3').length, 0);
    assert.equal((await presenceOf('n3'))?.refusal, undefined);
  });
});
