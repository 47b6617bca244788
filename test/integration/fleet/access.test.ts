import assert from 'node:assert/strict';
import { connect } from 'node:tls';
import { Metadata, status } from '@grpc/grpc-js';
import type { OperatorRole } from '../../../coordinator/access/roles.ts';
import { fail, ok } from '../../../shared/failures.ts';
import { Operator } from '../../../shared/gen/baton/v1/operator_pb.ts';
import { createAuthority, issueClientCredentials } from '../../../shared/security/certificates.ts';
import { eventually, type Fixture, must, refusal, startFixture, TestAgent, TestClient } from './fleet-fixture.ts';

describe('who may call', () => {
  let fixture: Fixture;
  before(async () => {
    fixture = await startFixture();
  });
  after(() => fixture.stop());

  const refusedAs = async (what: string, detail: RegExp) => {
    const found = (await fixture.audited()).find(
      (event) => event.outcome === 'refused' && event.what === what && detail.test(event.detail),
    );
    assert.ok(found, `no audit event of ${what} with ${detail}`);
  };

  it('refuses a client without a certificate everything but joining', async () => {
    const client = new TestClient(fixture);
    const version = await refusal(client.getVersion());
    assert.equal(version.code, status.UNAUTHENTICATED);
    assert.match(version.details, /no client certificate/);
    const { code } = await new Promise<{ code: number }>((resolve) => client.connect().once('status', resolve));
    assert.equal(code, status.UNAUTHENTICATED);
    await refusedAs('baton.v1.Operator/GetVersion', /no client certificate/);
    await refusedAs('baton.v1.Fleet/Connect', /no client certificate/);
    client.close();
  });

  it('refuses the certificate of another authority, whatever its name', async () => {
    const other = await createAuthority('test', Date.now());
    for (const kind of ['node', 'operator'] as const) {
      const client = new TestClient(fixture, await issueClientCredentials(other, kind, 'n1', Date.now()));
      const refused = await refusal(client.getVersion());
      assert.equal(refused.code, status.UNAUTHENTICATED);
      assert.match(refused.details, /another authority/);
      client.close();
    }
    await refusedAs('baton.v1.Operator/GetVersion', /another authority/);
  });

  it('refuses an expired certificate', async () => {
    const old = await issueClientCredentials(fixture.authority, 'operator', 'alice', Date.now() - 400 * 86_400_000);
    const client = new TestClient(fixture, old);
    assert.match((await refusal(client.getVersion())).details, /expired/);
    client.close();
  });

  it('lets an operator call Operator and nothing of the fleet', async () => {
    const client = new TestClient(fixture, await fixture.operator('alice', 'viewer'));
    assert.equal((await client.getVersion()).json, '{}');
    const ended = await new Promise<{ code: number; details: string }>((resolve) =>
      client.connect().once('status', resolve),
    );
    assert.equal(ended.code, status.UNAUTHENTICATED);
    assert.match(ended.details, /operator alice is not for this call/);
    assert.equal((await refusal(client.fetch('0'.repeat(64), 0))).code, status.UNAUTHENTICATED);
    client.close();
  });

  it('goes by the role that an operator has now, and audits a refusal with the certificate', async () => {
    const own = await fixture.operator('bea', 'viewer');
    const client = new TestClient(fixture, own);
    const start = () => client.unary(Operator.method.startRun, {});
    const refused = await refusal(start());
    assert.equal(refused.code, status.UNAUTHENTICATED);
    assert.match(refused.details, /StartRun is for the role operator or admin, yours is viewer/);
    const audited = (await fixture.audited()).find(({ who }) => who.startsWith('operator bea at 127.0.0.1'));
    assert.deepEqual([audited?.what, audited?.serial], ['baton.v1.Operator/StartRun', own.serial]);
    const into = (role: OperatorRole) =>
      fixture.operators.change('bea', (old) => (old ? ok({ ...old, role }) : fail('not-found', 'bea')));
    must(await into('operator'));
    await start();
    must(await into('approver'));
    assert.match((await refusal(start())).details, /yours is approver/);
    client.close();
  });

  it('knows one certificate of an operator: an earlier one proves nothing any more', async () => {
    const earlier = new TestClient(fixture, await fixture.operator('carl', 'admin'));
    await earlier.getVersion();
    const later = new TestClient(fixture, await fixture.operator('carl', 'admin'));
    await later.getVersion();
    assert.match(
      (await refusal(earlier.getVersion())).details,
      /operator carl is not the one that is known of that name/,
    );
    earlier.close();
    later.close();
  });

  it('lets a node call Fleet and nothing of the operator’s', async () => {
    const client = new TestClient(fixture, await fixture.join('n1'));
    const refused = await refusal(client.getVersion());
    assert.equal(refused.code, status.UNAUTHENTICATED);
    assert.match(refused.details, /node n1 is not for this call/);
    await refusedAs('baton.v1.Operator/GetVersion', /node n1 is not for this call/);
    client.close();
  });

  it('believes no caller that a client writes into its metadata', async () => {
    const metadata = new Metadata();
    metadata.set('baton-caller', JSON.stringify({ kind: 'node', name: 'n9', serial: '', from: 'nowhere' }));
    const agent = new TestAgent(fixture, await fixture.join('n2'), undefined, metadata);
    await agent.hello();
    await eventually(
      async () => (await fixture.fleet.presence()).some(({ node, connected }) => node === 'n2' && connected),
      'n2 is there',
    );
    assert.ok(!(await fixture.fleet.presence()).some(({ node }) => node === 'n9'));
    agent.close();
  });

  it('ends an open stream of a revoked certificate at once and refuses it from then on', async () => {
    const own = await fixture.join('n3');
    const agent = new TestAgent(fixture, own);
    await agent.hello();
    const startedMs = performance.now();
    must(await fixture.enrolment.revoke('n3', 'alice'));
    const ended = await agent.ended;
    // Long before anything but the revocation itself would end it.
    assert.ok(performance.now() - startedMs < 10_000);
    assert.equal(ended.code, status.UNAUTHENTICATED);
    assert.match(ended.details, /revoked/);

    const again = new TestAgent(fixture, own);
    const refused = await again.ended;
    assert.equal(refused.code, status.UNAUTHENTICATED);
    assert.match(refused.details, /revoked/);
    await refusedAs('baton.v1.Fleet/Connect', /revoked/);
    agent.close();
    again.close();
  });

  it('keeps a revocation over a restart', async () => {
    const own = await fixture.join('n4');
    must(await fixture.enrolment.revoke('n4', 'alice'));
    const { openRevocations } = await import('../../../coordinator/fleet/revocations.ts');
    const opened = must(await openRevocations(fixture.tables.revoked));
    const { X509Certificate } = await import('node:crypto');
    assert.ok(opened.has(new X509Certificate(own.certificate).serialNumber.toLowerCase()));
    opened.stop();
  });

  it('lets a node join again after it was revoked', async () => {
    const first = await fixture.join('n5');
    must(await fixture.enrolment.revoke('n5', 'alice'));
    const agent = new TestAgent(fixture, await fixture.join('n5'));
    await agent.hello();
    const old = new TestAgent(fixture, first);
    assert.equal((await old.ended).code, status.UNAUTHENTICATED);
    agent.close();
    old.close();
  });

  it('speaks TLS 1.3 only', async () => {
    const error = await new Promise<Error>((resolve, reject) => {
      const socket = connect({
        ...fixture.address,
        rejectUnauthorized: false,
        maxVersion: 'TLSv1.2',
        ALPNProtocols: ['h2'],
      });
      socket.once('error', resolve);
      socket.once('secureConnect', () => reject(new Error('TLS 1.2 was accepted')));
    });
    assert.match(error.message, /protocol version|handshake/i);
  });

  it('writes no keys into the audit', async () => {
    const text = JSON.stringify(await fixture.audited());
    assert.ok(!/PRIVATE KEY|CERTIFICATE/.test(text));
  });
});
