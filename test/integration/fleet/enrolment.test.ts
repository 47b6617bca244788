import assert from 'node:assert/strict';
import { status } from '@grpc/grpc-js';
import { tokenLifeMs } from '../../../coordinator/fleet/enrolment.ts';
import { createSigningRequest } from '../../../shared/security/certificates.ts';
import { type Fixture, must, refusal, startFixture, TestAgent, TestClient } from './fleet-fixture.ts';

describe('joining', () => {
  let fixture: Fixture;
  before(async () => {
    fixture = await startFixture();
  });
  after(async () => {
    await fixture.stop();
  });
  // Failed attempts are limited by the minute; each test begins in a new one.
  beforeEach(() => {
    fixture.clock.aheadMs += 61_000;
  });

  // Each over a connection of its own: a stranger's may make few calls.
  const attempt = async (token: string, name: string, requestName = name) => {
    const one = new TestClient(fixture);
    const { request } = await createSigningRequest(requestName);
    return await one.join({ token, name, signingRequest: request }).finally(() => one.close());
  };
  const refusedWith = async (call: Promise<unknown>, reason: RegExp, code = status.UNAUTHENTICATED) => {
    const error = await refusal(call);
    assert.equal(error.code, code);
    assert.match(error.details, reason);
    const last = (await fixture.audited()).at(-1);
    assert.equal(last?.outcome, 'refused');
    assert.equal(last?.what, 'join');
    assert.match(last?.detail ?? '', reason);
    assert.match(last?.who ?? '', /^127\.0\.0\.1:\d+$/);
  };
  const tokenFor = async (name: string) => must(await fixture.enrolment.addNode(name, 'standby', 'alice')).token;

  it('exchanges a token for a certificate of the name and role that it was made for', async () => {
    const joined = await attempt(await tokenFor('n1'), 'n1');
    assert.equal(joined.node, 'n1');
    assert.equal(joined.clusterRole, 'standby');
    assert.equal(joined.authority, fixture.authority.certificate);
    const presence = (await fixture.fleet.presence()).find(({ node }) => node === 'n1');
    assert.ok(presence?.joined && !presence.connected);
  });

  it('refuses a token that was used', async () => {
    const token = await tokenFor('n2');
    await attempt(token, 'n2');
    await refusedWith(attempt(token, 'n2'), /used already/);
  });

  it('issues one certificate when a token is used twice at once', async () => {
    const token = await tokenFor('n3');
    const results = await Promise.allSettled([1, 2, 3, 4].map(() => attempt(token, 'n3')));
    assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1);
  });

  it('refuses a token after fifteen minutes', async () => {
    const token = await tokenFor('n4');
    fixture.clock.aheadMs += tokenLifeMs - 2_000;
    const inTime = await tokenFor('n4b');
    fixture.clock.aheadMs += 2_001;
    await refusedWith(attempt(token, 'n4'), /expired/);
    await attempt(inTime, 'n4b');
  });

  it('refuses an unknown token, and one for another name', async () => {
    await refusedWith(attempt('A'.repeat(43), 'n5'), /not known/);
    const token = await tokenFor('n5');
    await refusedWith(attempt(token, 'n6'), /another name/);
    await refusedWith(attempt('', 'n5'), /not known/);
    await attempt(token, 'n5');
  });

  it('refuses a signing request that is for another name, and uses the token up', async () => {
    const token = await tokenFor('n7');
    await refusedWith(attempt(token, 'n7', 'n8'), /signing request is for n8/, status.INVALID_ARGUMENT);
    await refusedWith(attempt(token, 'n7'), /used already/);
  });

  it('forgets the token of before when a node is added again', async () => {
    const first = await tokenFor('n9');
    const second = await tokenFor('n9');
    await refusedWith(attempt(first, 'n9'), /not known/);
    await attempt(second, 'n9');
  });

  it('revokes the certificate of an answer that was lost when the node joins again', async () => {
    const lost = await fixture.join('n10');
    const agent = new TestAgent(fixture, await fixture.join('n10'));
    await agent.hello();
    const old = new TestAgent(fixture, lost);
    assert.equal((await old.ended).code, status.UNAUTHENTICATED);
    agent.close();
    old.close();
  });

  it('adds no node that is in the fleet, and none with a name that tries to be more', async () => {
    const agent = new TestAgent(fixture, await fixture.join('n11'));
    await agent.hello();
    await fixture.hub.flush();
    const again = await fixture.enrolment.addNode('n11', 'master', 'alice');
    assert.ok(!again.ok && again.failure.code === 'conflict');
    assert.match(again.failure.message, /baton node revoke n11/);
    for (const name of ['--all', '../x', 'N1', '', 'a b', '$(id)', 'x'.repeat(32)]) {
      const bad = await fixture.enrolment.addNode(name, 'master', 'alice');
      assert.ok(!bad.ok && bad.failure.code === 'bad-input', name);
    }
    assert.ok(!(await fixture.enrolment.addNode('n12', 'witness', 'alice')).ok);
    agent.close();
  });

  it('keeps of a token only its hash', async () => {
    const token = await tokenFor('n13');
    const stored = JSON.stringify(must(await fixture.tables.tokens.list()));
    assert.ok(!stored.includes(token));
    assert.match(token, /^[0-9a-f]{64}$/, '256 bits, and no option to a shell');
    await attempt(token, 'n13');
    await refusal(attempt(token, 'n13'));
    assert.ok(!JSON.stringify(await fixture.audited()).includes(token));
  });

  it('revokes open tokens with the node', async () => {
    const token = await tokenFor('n14');
    must(await fixture.enrolment.revoke('n14', 'alice'));
    await refusedWith(attempt(token, 'n14'), /not known/);
    const nobody = await fixture.enrolment.revoke('n99', 'alice');
    assert.ok(!nobody.ok && nobody.failure.code === 'not-found');
  });

  it('lets nobody guess: after ten failures even a good token waits for a minute', async () => {
    for (let count = 0; count < 10; count += 1) await refusal(attempt('B'.repeat(43), 'n15'));
    const token = await tokenFor('n15');
    await refusedWith(attempt(token, 'n15'), /too many failed attempts/);
    fixture.clock.aheadMs += 61_000;
    await attempt(token, 'n15');
  });
});
