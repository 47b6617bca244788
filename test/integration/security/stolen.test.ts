// What whoever has stolen the certificate of one node, n2, reaches of another, n1: nothing. And that it is noticed when
// the real agent of n2 is there at the same time.
import assert from 'node:assert/strict';
import { create } from '@bufbuild/protobuf';
import { status } from '@grpc/grpc-js';
import { nodesView } from '../../../coordinator/cli/view/fleet-view.ts';
import { createHub } from '../../../coordinator/fleet/hub.ts';
import { listNodes } from '../../../coordinator/operator/nodes.ts';
import { ok } from '../../../shared/failures.ts';
import { KeyStatus, ToAgentSchema } from '../../../shared/gen/baton/v1/fleet_pb.ts';
import { sha256Hex } from '../../../shared/hash.ts';
import type { Key } from '../../../shared/key.ts';
import { createLog } from '../../../shared/log.ts';
import type { Outcome } from '../../../shared/outcome.ts';
import { keyToWire, outcomeToWire } from '../../../shared/rpc/outcome-wire.ts';
import type { Credentials } from '../../../shared/security/certificates.ts';
import {
  eventually,
  type Fixture,
  must,
  refusal,
  startFixture,
  TestAgent,
  TestClient,
} from '../fleet/fleet-fixture.ts';

const key: Key = { run: 'run-1', step: 'stop.n1', phase: 'do', attempt: 1 };
const head = { sequence: 3, hash: 'h' };
const outcome: Outcome = {
  verdict: 'succeeded',
  answer: { kind: 'countFiles', files: 3 },
  commands: [],
  startedAtMs: 1,
  elapsedMs: 2,
};
const log = createLog('test');
log.silent = true;

describe('a stolen certificate of one node', () => {
  const content = Buffer.from('an installer');
  const sha256 = sha256Hex(content);
  let fixture: Fixture;
  let own: Credentials;
  let stolen: Credentials;
  let honest: TestAgent;
  let thief: TestAgent;

  beforeEach(async () => {
    fixture = await startFixture();
    own = await fixture.join('n1');
    stolen = await fixture.join('n2');
    honest = new TestAgent(fixture, own);
    await honest.hello();
    thief = new TestAgent(fixture, stolen);
    await thief.hello({ ledgerGeneration: 'g2' });
    const release = { name: 'MotadataServiceOpsCommonUpgrade_V870', sha256, sizeBytes: content.length };
    must(
      await fixture.releases.add({
        ...release,
        data: (async function* () {
          yield content;
        })(),
      }),
    );
  });
  afterEach(async () => {
    honest.close();
    thief.close();
    await fixture.stop();
  });

  /** As the message that closes a run passes on its way to the node. */
  const close = async (node: string, run: string) => {
    const { noteGrants } = await import('../../../coordinator/fleet/release-grants.ts');
    const closed = create(ToAgentSchema, { kind: { case: 'runClosed', value: { run } } });
    assert.ok((await noteGrants({ tables: fixture.tables }, node, closed))?.ok);
  };
  const stage = (node: string) =>
    fixture.fleet.send(node, {
      key,
      epoch: 7,
      head,
      action: { kind: 'stageRelease', name: 'x', sha256, sizeBytes: content.length },
      timeoutMs: 60_000,
    });
  const isThere = async (node: string) => (await fixture.fleet.presence()).find((one) => one.node === node)?.connected;

  it('hears no command, question or reading of another', async () => {
    const heardBefore = thief.heard.length;
    must(await stage('n1'));
    void fixture.fleet.ask('n1', key, 7);
    void fixture.fleet.read('n1', { kind: 'readNode' }, 500);
    await fixture.fleet.confirm('n1', key);
    await fixture.fleet.closeRun('n1', 'run-1');
    await eventually(() => honest.of('runClosed').length === 1, 'n1 hears the last of it');
    assert.deepEqual([honest.of('command').length, honest.of('ask').length, honest.of('read').length], [1, 1, 1]);
    assert.equal(thief.heard.length, heardBefore);
  });

  it('gets the installer of another only when a command asks it to', async () => {
    must(await stage('n1'));
    const client = new TestClient(fixture, stolen);
    const refused = await refusal(client.fetch(sha256, 0));
    assert.equal(refused.code, status.UNAUTHENTICATED);
    assert.match(refused.details, /no run asks n2/);
    const rightful = new TestClient(fixture, own);
    assert.ok((await rightful.fetch(sha256, 0)).equals(content));
    must(await stage('n2'));
    assert.ok((await client.fetch(sha256, 0)).equals(content));
    client.close();
    rightful.close();
  });

  it('gets an installer until its command’s run is closed, whatever the clock says, and a rightful agent gets it through a reconnect', async () => {
    must(await stage('n1'));
    honest.close();
    await eventually(async () => !(await isThere('n1')), 'n1 is gone');
    const again = new TestClient(fixture, own);
    assert.ok((await again.fetch(sha256, 0)).equals(content));
    fixture.clock.aheadMs += 10 * 60_000;
    assert.ok((await again.fetch(sha256, 0)).equals(content));
    // Back, since presence and certificates are of the time that it was.
    fixture.clock.aheadMs -= 10 * 60_000;
    await close('n1', 'another-run');
    assert.ok((await again.fetch(sha256, 0)).equals(content));
    await close('n1', key.run);
    assert.equal((await refusal(again.fetch(sha256, 0))).code, status.UNAUTHENTICATED);
    again.close();
  });

  it('leaves a fetch under way to the agent when another coordinator has taken over', async () => {
    const { test, tables, clock, audit } = fixture;
    const next = createHub({
      bus: test.bus,
      tables,
      clock,
      log,
      audit,
      coordinator: 'c2',
      epoch: 8,
      mayServe: async () => ok(undefined),
    });
    must(await stage('n1'));
    // What was granted is on the bus, so any coordinator reads the same.
    const { checkGrant } = await import('../../../coordinator/fleet/release-grants.ts');
    assert.ok((await checkGrant({ tables }, 'n1', sha256)).ok);
    assert.ok(!(await checkGrant({ tables }, 'n2', sha256)).ok);
    assert.ok(!(await checkGrant({ tables }, 'n1', '__proto__')).ok);
    await next.close();
  });

  it('answers no question that was asked of another', async () => {
    const asked = fixture.fleet.ask('n1', key, 7);
    const settled = fixture.fleet.settle('n1', { ...key, attempt: 2 }, 7, head);
    await eventually(() => honest.of('ask').length === 1 && honest.of('settle').length === 1, 'n1 is asked');
    for (const attempt of [1, 2])
      thief.say({ case: 'keyState', value: { key: keyToWire({ ...key, attempt }), status: KeyStatus.SETTLED } });
    // The thief's answers have arrived when its heartbeat behind them is seen.
    thief.say({ case: 'heartbeat', value: { clockMs: 1 } });
    await eventually(() => thief.of('heartbeatSeen').length === 1, 'it was heard');
    honest.say({ case: 'keyState', value: { key: keyToWire(key), status: KeyStatus.RUNNING } });
    honest.say({ case: 'keyState', value: { key: keyToWire({ ...key, attempt: 2 }), status: KeyStatus.SETTLED } });
    assert.deepEqual(await asked, { ok: true, value: { status: 'running' } });
    assert.deepEqual(await settled, { ok: true, value: { status: 'settled' } });
  });

  it('answers no reading of another, even when it knows its id', async () => {
    const reading = fixture.fleet.read('n1', { kind: 'countFiles', root: '/x' }, 5_000);
    await eventually(() => honest.of('read').length === 1, 'n1 is asked');
    const id = honest.of('read')[0]?.id ?? '';
    const answer = (files: number) => ({ kind: { case: 'countFiles' as const, value: { files } } });
    thief.say({ case: 'readAnswer', value: { id, answer: answer(666) } });
    thief.say({ case: 'heartbeat', value: { clockMs: 1 } });
    await eventually(() => thief.of('heartbeatSeen').length === 1, 'it was heard');
    honest.say({ case: 'readAnswer', value: { id, answer: answer(3) } });
    assert.deepEqual(await reading, { ok: true, answer: { kind: 'countFiles', files: 3 }, commands: [] });
  });

  it('claims no outcome and no presence of another: all that it says is said by its node', async () => {
    const said: string[] = [];
    const stop = fixture.fleet.onOutcome((node) => said.push(node));
    thief.say({ case: 'outcome', value: outcomeToWire(key, outcome, 1e9) });
    thief.say({ case: 'heartbeat', value: { clockMs: 1, hold: true, runningKey: 'run-1/stop.n1/do/1' } });
    await eventually(() => said.length === 1, 'an outcome');
    assert.deepEqual(said, ['n2']);
    await fixture.hub.flush();
    const presence = await fixture.fleet.presence();
    assert.deepEqual(
      presence.map(({ node, hold }) => ({ node, hold })),
      [
        { node: 'n1', hold: false },
        { node: 'n2', hold: true },
      ],
    );
    assert.equal(must(await fixture.tables.nodes.get('n1'))?.value.ledger.counter, 1);
    stop();
  });

  it('takes over no session of another, however often it comes', async () => {
    for (let count = 0; count < 5; count += 1) {
      const more = new TestAgent(fixture, stolen);
      await more.hello({ ledgerGeneration: 'g2' });
      more.close();
    }
    honest.say({ case: 'heartbeat', value: { clockMs: 1 } });
    await eventually(() => honest.of('heartbeatSeen').length === 1, 'n1 is still there');
  });

  it('is noticed when the real agent is there: in the audit and in the list of nodes', async () => {
    let current = thief;
    for (let count = 0; count < 3; count += 1) {
      const before = current;
      current = new TestAgent(fixture, stolen);
      await current.hello({ ledgerGeneration: 'g2' });
      assert.equal((await before.ended).code, status.ALREADY_EXISTS);
      before.close();
    }
    await eventually(
      async () => (await fixture.audited()).some(({ detail }) => /two agents use the certificate of n2/.test(detail)),
      'an audit event',
    );
    await fixture.hub.flush();
    const { tables, enrolment, authority, address, clock } = fixture;
    const parts = { tables, enrolment, authority: authority.certificate, advertise: address, nowMs: clock.nowMs };
    const listed = must(await listNodes(parts));
    assert.deepEqual(
      listed.nodes.map(({ name, contested }) => [name, contested?.from]),
      [
        ['n1', undefined],
        ['n2', ['127.0.0.1']],
      ],
    );
    assert.match(
      nodesView(listed, (_, text) => text),
      /n2: two agents used its certificate, from 127\.0\.0\.1.*node revoke n2/,
    );
    current.close();
    must(await enrolment.revoke('n2', 'alice'));
    await fixture.join('n2');
    assert.equal(must(await listNodes(parts)).nodes[1]?.contested, undefined);
  });

  it('an agent that only comes back is taken for no second one', async () => {
    for (let count = 0; count < 5; count += 1) {
      thief.close();
      await eventually(async () => !(await isThere('n2')), 'n2 is gone');
      thief = new TestAgent(fixture, stolen);
      await thief.hello({ ledgerGeneration: 'g2' });
      await eventually(async () => (await isThere('n2')) === true, 'n2 is back');
    }
    assert.ok(!(await fixture.audited()).some(({ detail }) => /two agents/.test(detail)));
  });
});
