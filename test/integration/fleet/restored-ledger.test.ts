import assert from 'node:assert/strict';
import { status } from '@grpc/grpc-js';
import { createBookkeeping } from '../../../coordinator/fleet/bookkeeping.ts';
import type { Key } from '../../../shared/key.ts';
import { createLog } from '../../../shared/log.ts';
import type { Outcome } from '../../../shared/outcome.ts';
import { outcomeToWire } from '../../../shared/rpc/outcome-wire.ts';
import type { Credentials } from '../../../shared/security/certificates.ts';
import { eventually, type Fixture, must, startFixture, TestAgent } from './fleet-fixture.ts';

const log = createLog('test');
log.silent = true;

const key: Key = { run: 'run-1', step: 'stop.n1', phase: 'do', attempt: 1 };
const succeeded: Outcome = {
  verdict: 'succeeded',
  answer: { kind: 'countFiles', files: 3 },
  commands: ['find'],
  startedAtMs: 1,
  elapsedMs: 2,
};

describe('an agent whose state was restored from an older copy', () => {
  let fixture: Fixture;
  const agents: TestAgent[] = [];
  before(async () => {
    fixture = await startFixture();
  });
  afterEach(() => {
    for (const agent of agents.splice(0)) agent.close();
  });
  after(() => fixture.stop());

  const knock = (own: Credentials, ledgerGeneration: string, ledgerCounter: number): TestAgent => {
    const agent = new TestAgent(fixture, own);
    agents.push(agent);
    agent.say({ case: 'hello', value: { agentVersion: '0.1.0', ledgerGeneration, ledgerCounter } });
    return agent;
  };
  const served = async (own: Credentials, generation: string, counter: number): Promise<TestAgent> => {
    const agent = knock(own, generation, counter);
    await eventually(() => agent.of('welcome').length === 1, 'a welcome');
    return agent;
  };
  /** Served, and seen to have gone. */
  const servedAndGone = async (name: string, own: Credentials, generation: string, counter: number) => {
    (await served(own, generation, counter)).close();
    await isGone(name);
  };
  const isGone = (name: string) =>
    eventually(
      async () => must(await fixture.tables.presence.get(name))?.value.connected === false,
      `${name} is not connected`,
    );
  const refusedFor = async (agent: TestAgent, reason: RegExp) => {
    const ended = await agent.ended;
    assert.equal(ended.code, status.DATA_LOSS);
    assert.match(ended.details, reason);
    assert.equal(agent.of('welcome').length, 0);
  };
  const audited = async (reason: RegExp) =>
    (await fixture.audited()).filter(({ what, detail }) => what === 'ledger' && reason.test(detail)).length;
  const counterOf = async (name: string) => must(await fixture.tables.nodes.get(name))?.value.ledger.counter;

  it('is not served when its ledger went back, says what to do, and is audited once', async () => {
    const own = await fixture.join('n1');
    await servedAndGone('n1', own, 'g', 9);
    const reason = /n1: .*went back from 9 to 4; .*look at .* node, then baton node revoke n1 and baton node add n1/;
    await refusedFor(knock(own, 'g', 4), reason);
    // Also once its counter has grown past what was seen before.
    await refusedFor(knock(own, 'g', 12), reason);
    assert.equal(await audited(reason), 1);
    await eventually(
      async () => !(await fixture.fleet.presence()).find(({ node }) => node === 'n1')?.connected,
      'n1 is not connected',
    );
  });

  it('is not served when its ledger is another one', async () => {
    const own = await fixture.join('n2');
    await servedAndGone('n2', own, 'g', 9);
    await refusedFor(knock(own, 'h', 20), /n2: .*another one than before \(h, was g\)/);
  });

  it('is known by the counters of its outcomes too, and what it said behind hello was not heard', async () => {
    const own = await fixture.join('n3');
    const agent = await served(own, 'g', 3);
    agent.say({ case: 'outcome', value: outcomeToWire(key, succeeded, 8) });
    // Sent again from the outbox, with the counter of when it was written.
    agent.say({ case: 'outcome', value: outcomeToWire(key, succeeded, 2) });
    await eventually(async () => (await counterOf('n3')) === 8, 'the counter is recorded');
    agent.close();
    await isGone('n3');

    const heard: string[] = [];
    const stop = fixture.fleet.onOutcome((node) => heard.push(node));
    const restored = knock(own, 'g', 7);
    restored.say({ case: 'outcome', value: outcomeToWire(key, succeeded, 7) });
    await refusedFor(restored, /went back from 8 to 7/);
    assert.deepEqual(heard, []);
    stop();
  });

  const isLeftAlone = async (name: string, counter: number) => {
    const record = must(await fixture.tables.nodes.get(name))?.value;
    assert.equal(record?.restored, undefined);
    assert.deepEqual(record?.ledger, { generation: 'g', counter });
    assert.equal(await audited(new RegExp(name)), 0);
  };

  it('is not told from a hello that waited while its coordinator was stopped: nobody answers there any more', async () => {
    const own = await fixture.join('n8');
    await servedAndGone('n8', own, 'g', 9);
    for (const [generation, counter] of [['g', 4] as const, ['h', 20] as const]) {
      const old = knock(own, generation, counter);
      old.answersAsks = false;
      await eventually(() => old.of('ask').length === 1, 'it is asked');
      // What was said behind hello is no answer.
      old.say({ case: 'heartbeat', value: { ledgerCounter: counter } });
      old.close();
      await eventually(() => fixture.hub.streams() === 0, 'its stream is over');
      await fixture.hub.flush();
    }
    await isLeftAlone('n8', 9);
    await served(own, 'g', 9);
  });

  it('is not told from a hello while another stream of the node goes on, which is served further', async () => {
    const own = await fixture.join('n9');
    const agent = await served(own, 'g', 9);
    const isConnected = async () => must(await fixture.tables.presence.get('n9'))?.value.connected === true;
    await eventually(isConnected, 'n9 is connected');
    for (const [generation, counter] of [['g', 4] as const, ['h', 20] as const]) {
      const ended = await knock(own, generation, counter).ended;
      assert.match(ended.details, /n9: what its agent says is older than what is known/);
      assert.notEqual(ended.code, status.DATA_LOSS);
    }
    await isLeftAlone('n9', 9);
    agent.say({ case: 'heartbeat', value: { ledgerCounter: 10 } });
    await eventually(() => agent.of('heartbeatSeen').length === 1, 'it is heard');
  });

  it('keeps the heads that it held until somebody at the end of its stream says otherwise', async () => {
    const own = await fixture.join('n10');
    const heads = [{ run: 'upgrade-1', sequence: 12, hash: 'a'.repeat(64) }];
    const agent = new TestAgent(fixture, own);
    agents.push(agent);
    await agent.hello({
      ledgerGeneration: 'g',
      ledgerCounter: 3,
      heads: heads.map(({ run, ...head }) => ({ run, head })),
    });
    agent.close();
    await isGone('n10');
    const headsOf = async () => must(await fixture.tables.nodes.get('n10'))?.value.heads;
    const old = knock(own, 'g', 3);
    old.answersAsks = false;
    await eventually(() => old.of('ask').length === 1, 'it is asked');
    old.close();
    await eventually(() => fixture.hub.streams() === 0, 'its stream is over');
    await fixture.hub.flush();
    assert.deepEqual(await headsOf(), heads);
    await served(own, 'g', 3);
    assert.deepEqual(await headsOf(), []);
  });

  it('is served again once it has joined anew', async () => {
    const own = await fixture.join('n4');
    await servedAndGone('n4', own, 'g', 9);
    await refusedFor(knock(own, 'h', 1), /another one/);
    must(await fixture.enrolment.revoke('n4', 'alice'));
    const anew = await fixture.join('n4');
    (await served(anew, 'h', 1)).close();
    await served(anew, 'h', 2);
  });

  it('is not what a joined node seems to be by the counter of its old ledger, told by a stream that was still open', async () => {
    const { tables, clock, audit } = fixture;
    // Not through the front door, which takes only so many connections in a time.
    const node = must(await tables.nodes.list())[0]?.value;
    assert.ok(node);
    must(await tables.nodes.put('n17', { ...node, name: 'n17', ledger: { generation: 'new', counter: 3 } }));
    const books = createBookkeeping({ tables, clock, log, audit });
    books.counter('n17', { generation: 'old', counter: 90 });
    books.counter('n17', { generation: 'new', counter: 4 });
    await books.flush();
    assert.equal(await counterOf('n17'), 4);
  });

  it('is told from one that was simply started anew', async () => {
    const own = await fixture.join('n5');
    for (const counter of [9, 9, 10]) (await served(own, 'g', counter)).close();
    assert.equal(await audited(/n5/), 0);
  });

  it('and what is said right behind hello is heard after the welcome', async () => {
    const own = await fixture.join('n6');
    const heard: string[] = [];
    const stop = fixture.fleet.onOutcome((node) => heard.push(node));
    const agent = knock(own, 'g', 3);
    agent.say({ case: 'outcome', value: outcomeToWire(key, succeeded, 3) });
    await eventually(() => heard.length === 1, 'the outcome');
    stop();
  });

  it('no hello may carry control characters into a log', async () => {
    // The port takes only so many connections in a time.
    fixture.clock.aheadMs += 60_000;
    const own = await fixture.join('n7');
    const units = { localUnits: ['ha.service\n'] };
    for (const bad of [{ agentVersion: '1\n2' }, { profile: { psql: '\u001b[2J' } }, { profile: units }]) {
      const agent = new TestAgent(fixture, own);
      agents.push(agent);
      agent.say({ case: 'hello', value: { agentVersion: '0.1.0', ledgerGeneration: 'g', ledgerCounter: 1, ...bad } });
      const ended = await agent.ended;
      assert.equal(ended.code, status.INVALID_ARGUMENT);
      assert.match(ended.details, /n7: (agentVersion|psql|localUnits) of its hello has control characters/);
    }
  });
});
