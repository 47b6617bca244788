import assert from 'node:assert/strict';
import { status } from '@grpc/grpc-js';
import type { NodePresence } from '../../../coordinator/checks/check.ts';
import { silentMaxMs } from '../../../coordinator/fleet/hub.ts';
import { failure } from '../../../shared/failures.ts';
import { KeyStatus } from '../../../shared/gen/baton/v1/fleet_pb.ts';
import type { Key } from '../../../shared/key.ts';
import type { Outcome } from '../../../shared/outcome.ts';
import { failureToWire, keyToWire, outcomeToWire } from '../../../shared/rpc/outcome-wire.ts';
import type { Credentials } from '../../../shared/security/certificates.ts';
import { eventually, type Fixture, must, startFixture, TestAgent } from './fleet-fixture.ts';

const key: Key = { run: 'run-1', step: 'stop.n1', phase: 'do', attempt: 1 };
const head = { sequence: 3, hash: 'h' };
const succeeded: Outcome = {
  verdict: 'succeeded',
  answer: { kind: 'countFiles', files: 3 },
  commands: ['find'],
  startedAtMs: 1,
  elapsedMs: 2,
};

describe('an agent’s stream', () => {
  let fixture: Fixture;
  let n1: Credentials;
  const agents: TestAgent[] = [];
  const connectAgent = async (own = n1, port?: number): Promise<TestAgent> => {
    const agent = new TestAgent(fixture, own, port);
    agents.push(agent);
    await agent.hello();
    return agent;
  };
  const presenceOf = async (name: string) => (await fixture.fleet.presence()).find(({ node }) => node === name);

  before(async () => {
    fixture = await startFixture();
    n1 = await fixture.join('n1');
  });
  afterEach(async () => {
    for (const agent of agents.splice(0)) agent.close();
    await eventually(async () => !(await presenceOf('n1'))?.connected, 'n1 is gone');
  });
  after(() => fixture.stop());

  it('is welcomed with the epoch and seen as connected', async () => {
    const heard: NodePresence[] = [];
    const stop = fixture.fleet.onPresence((presence) => heard.push(presence));
    const agent = await connectAgent();
    assert.deepEqual(
      agent.of('welcome').map(({ epoch, coordinator }) => ({ epoch, coordinator })),
      [{ epoch: 7, coordinator: 'c1' }],
    );
    await eventually(() => heard.some(({ node, connected }) => node === 'n1' && connected), 'told that n1 is there');
    agent.close();
    await eventually(() => heard.some(({ node, connected }) => node === 'n1' && !connected), 'told that n1 is gone');
    stop();
  });

  it('that has not said hello takes no requests: they learn at once that nobody is there', async () => {
    const agent = new TestAgent(fixture, n1);
    agents.push(agent);
    await eventually(() => fixture.hub.streams() === 1, 'an open stream');
    const askedMs = performance.now();
    const asked = await fixture.fleet.ask('n1', key, 7);
    assert.equal(!asked.ok && asked.failure.code, 'unreachable');
    assert.ok(performance.now() - askedMs < 10_000);
  });

  it('measures the clock offset by half the round trip', async () => {
    const agent = await connectAgent();
    agent.say({ case: 'heartbeat', value: { clockMs: Date.now() + 5_000, hold: true, runningKey: 'k' } });
    await eventually(() => agent.of('heartbeatSeen').length === 1, 'an echo');
    const seen = agent.of('heartbeatSeen')[0];
    agent.say({
      case: 'heartbeat',
      value: {
        clockMs: Date.now() + 5_000,
        coordinatorClockMs: seen?.coordinatorClockMs ?? 0,
        echoAgeMs: 0,
        hold: true,
      },
    });
    await eventually(async () => (await presenceOf('n1'))?.hold === true, 'on hold');
    const offset = (await presenceOf('n1'))?.clockOffsetMs ?? 0;
    assert.ok(Math.abs(offset - 5_000) < 1_000, String(offset));
  });

  it('carries a command, and its outcome again and again until it is confirmed', async () => {
    const agent = await connectAgent();
    const outcomes: { node: string; key: Key; outcome: Outcome }[] = [];
    const stop = fixture.fleet.onOutcome((node, of, outcome) => outcomes.push({ node, key: of, outcome }));
    must(
      await fixture.fleet.send('n1', {
        key,
        epoch: 7,
        head,
        action: { kind: 'stopUnits', units: ['a.service'] },
        timeoutMs: 1_000,
      }),
    );
    await eventually(() => agent.of('command').length === 1, 'a command');
    assert.equal(agent.of('command')[0]?.action?.kind.case, 'stopUnits');
    assert.equal(agent.of('command')[0]?.epoch, 7);

    for (const _ of [1, 2]) agent.say({ case: 'outcome', value: outcomeToWire(key, succeeded) });
    await eventually(() => outcomes.length === 2, 'two outcomes');
    assert.deepEqual(outcomes[1], { node: 'n1', key, outcome: succeeded });
    await fixture.fleet.confirm('n1', key);
    await eventually(() => agent.of('outcomeJournaled').length === 1, 'a confirmation');
    stop();
  });

  it('takes an outcome as said by the node of the certificate, whatever it is about', async () => {
    const n2 = await connectAgent(await fixture.join('n2'));
    const nodes: string[] = [];
    const stop = fixture.fleet.onOutcome((node) => nodes.push(node));
    n2.say({ case: 'outcome', value: outcomeToWire({ ...key, step: 'stop.n1' }, succeeded) });
    await eventually(() => nodes.length === 1, 'an outcome');
    assert.deepEqual(nodes, ['n2']);
    stop();
  });

  it('makes an outcome of another version unknown', async () => {
    const agent = await connectAgent();
    const outcomes: Outcome[] = [];
    const stop = fixture.fleet.onOutcome((_node, _key, outcome) => outcomes.push(outcome));
    agent.say({ case: 'outcome', value: { key: keyToWire(key), verdict: 42 as 0 } });
    await eventually(() => outcomes.length === 1, 'an outcome');
    assert.equal(outcomes[0]?.verdict, 'unknown');
    assert.equal(outcomes[0]?.failure?.code, 'unexpected-output');
    stop();
  });

  it('carries progress', async () => {
    const agent = await connectAgent();
    const seen: unknown[] = [];
    const stop = fixture.fleet.onProgress((node, progress) => seen.push({ node, ...progress }));
    agent.say({ case: 'progress', value: { key: keyToWire(key), percent: 40, line: '40%', outputBytes: 9 } });
    await eventually(() => seen.length === 1, 'progress');
    assert.deepEqual(seen, [{ node: 'n1', key, percent: 40, line: '40%', outputBytes: 9 }]);
    stop();
  });

  it('brings each reading the answer that belongs to it', async () => {
    const agent = await connectAgent();
    agent.onMessage = ({ kind }) => {
      if (kind.case !== 'read') return;
      const root = kind.value.action?.kind.case === 'countFiles' ? kind.value.action.kind.value.root : '';
      const value =
        root === '/bad'
          ? { id: kind.value.id, failure: failureToWire(failure('refused-by-policy', 'n1: /bad is not allowed')) }
          : {
              id: kind.value.id,
              answer: { kind: { case: 'countFiles' as const, value: { files: Number(root.slice(1)) } } },
              commands: [`find ${root}`],
            };
      setTimeout(() => agent.say({ case: 'readAnswer', value }), 10 * Math.random());
    };
    const roots = Array.from({ length: 20 }, (_, index) => `/${index}`);
    const answers = await Promise.all(
      roots.map((root) => fixture.fleet.read('n1', { kind: 'countFiles', root }, 5_000)),
    );
    assert.deepEqual(
      answers,
      roots.map((root) => ({
        ok: true,
        answer: { kind: 'countFiles', files: Number(root.slice(1)) },
        commands: [`find ${root}`],
      })),
    );
    const refused = await fixture.fleet.read('n1', { kind: 'countFiles', root: '/bad' }, 5_000);
    assert.ok(!refused.ok && refused.failure.code === 'refused-by-policy');
  });

  it('asks for a key and settles it, in turn, and takes no late answer for another', async () => {
    const agent = await connectAgent();
    const questions: string[] = [];
    agent.onMessage = ({ kind }) => {
      if (kind.case !== 'ask' && kind.case !== 'settle') return;
      questions.push(kind.case);
      const state = (state: KeyStatus) =>
        agent.say({ case: 'keyState', value: { key: keyToWire(key), status: state } });
      state(KeyStatus.RUNNING);
      if (kind.case === 'settle') state(KeyStatus.SETTLED);
    };
    const [asked, settled] = await Promise.all([
      fixture.fleet.ask('n1', key, 7),
      fixture.fleet.settle('n1', key, 7, head),
    ]);
    assert.deepEqual(asked, { ok: true, value: { status: 'running' } });
    assert.deepEqual(settled, { ok: true, value: { status: 'settled' } });
    assert.deepEqual(questions, ['ask', 'settle']);
  });

  it('gives the outcome of a finished key', async () => {
    const agent = await connectAgent();
    agent.onMessage = ({ kind }) => {
      if (kind.case === 'ask')
        agent.say({
          case: 'keyState',
          value: { key: keyToWire(key), status: KeyStatus.FINISHED, outcome: outcomeToWire(key, succeeded) },
        });
    };
    assert.deepEqual(await fixture.fleet.ask('n1', key, 7), {
      ok: true,
      value: { status: 'finished', outcome: succeeded },
    });
  });

  it('says at once that a node is out of reach, also to who waits when the stream is lost', async () => {
    const nobody = await fixture.fleet.ask('n1', key, 7);
    assert.ok(!nobody.ok && nobody.failure.code === 'unreachable');
    const agent = await connectAgent();
    agent.onMessage = ({ kind }) => {
      if (kind.case === 'read') agent.close();
    };
    const startedMs = performance.now();
    const lost = await fixture.fleet.read('n1', { kind: 'readNode' }, 60_000);
    assert.ok(!lost.ok && lost.failure.code === 'unreachable');
    assert.ok(performance.now() - startedMs < 5_000);
  });

  it('is replaced by a second one of the same node', async () => {
    const first = await connectAgent();
    const second = await connectAgent();
    const ended = await first.ended;
    assert.equal(ended.code, status.ALREADY_EXISTS);
    assert.match(ended.details, /another stream/);
    await fixture.fleet.closeRun('n1', 'run-1');
    await eventually(() => second.of('runClosed').length === 1, 'the second one hears');
    assert.equal(first.of('runClosed').length, 0);
    assert.ok((await presenceOf('n1'))?.connected);
  });

  it('is replaced by one that ends at another coordinator', async () => {
    const first = await connectAgent();
    fixture.test.bus.nc.publish('baton.opened.n1', 'elsewhere');
    assert.equal((await first.ended).code, status.ALREADY_EXISTS);
  });

  it('must begin with hello', async () => {
    const agent = new TestAgent(fixture, n1);
    agents.push(agent);
    agent.say({ case: 'outcome', value: outcomeToWire(key, succeeded) });
    assert.equal((await agent.ended).code, status.INVALID_ARGUMENT);
  });

  it('is ended when nothing is said any more, and when no hello comes', async () => {
    const agent = await connectAgent();
    const mute = new TestAgent(fixture, await fixture.join('n4'));
    agents.push(mute);
    await eventually(() => fixture.hub.streams() === 2, 'both streams are open');
    fixture.clock.aheadMs += silentMaxMs + 1_000;
    assert.match((await agent.ended).details, /was silent/);
    assert.match((await mute.ended).details, /no hello/);
  });
});
