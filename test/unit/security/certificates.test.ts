import 'reflect-metadata';
import assert from 'node:assert/strict';
import { webcrypto, X509Certificate } from 'node:crypto';
import { connect, createServer, type TLSSocket } from 'node:tls';
import { Pkcs10CertificateRequestGenerator } from '@peculiar/x509';
import { isName } from '../../../shared/names.ts';
import {
  type Credentials,
  createAuthority,
  createSigningRequest,
  issueClientCredentials,
  issueFromRequest,
  issueServerCredentials,
  pinOf,
} from '../../../shared/security/certificates.ts';
import { identityOf } from '../../../shared/security/identity.ts';
import { fetchPinnedAuthority } from '../../../shared/security/pinned-authority.ts';

const nowMs = Date.now();
const yearMs = 365 * 86_400_000;
const der = (pem: string) => new Uint8Array(new X509Certificate(pem).raw);

describe('certificates', () => {
  let authority: Credentials;
  let other: Credentials;

  before(async () => {
    authority = await createAuthority('baton lab', nowMs);
    other = await createAuthority('baton lab', nowMs);
  });

  it('issues a node’s certificate from its signing request', async () => {
    const { request } = await createSigningRequest('n1');
    const issued = await issueFromRequest(authority, request, 'node', 'n1', nowMs);
    assert.ok(issued.ok);
    const identity = identityOf(der(issued.value.certificate), authority.certificate, nowMs);
    assert.ok(typeof identity === 'object');
    assert.deepEqual(
      { kind: identity.kind, name: identity.name, serial: identity.serial },
      { kind: 'node', name: 'n1', serial: issued.value.serial },
    );
  });

  it('gives every certificate a serial of its own', async () => {
    const serials = await Promise.all(
      ['a', 'b', 'c'].map(async (name) => (await issueClientCredentials(authority, 'operator', name, nowMs)).serial),
    );
    assert.equal(new Set(serials).size, 3);
  });

  it('refuses a signing request for another name, altered or unreadable', async () => {
    const { request } = await createSigningRequest('n1');
    const wrongName = await issueFromRequest(authority, request, 'node', 'n2', nowMs);
    assert.ok(!wrongName.ok && wrongName.failure.code === 'bad-input');

    const altered = Uint8Array.from(request);
    altered[altered.length - 1] = (altered.at(-1) ?? 0) ^ 1;
    assert.ok(!(await issueFromRequest(authority, altered, 'node', 'n1', nowMs)).ok);
    assert.ok(!(await issueFromRequest(authority, new Uint8Array([1, 2, 3]), 'node', 'n1', nowMs)).ok);
    assert.ok(!(await issueFromRequest(authority, new Uint8Array(), 'node', 'n1', nowMs)).ok);
  });

  it('refuses a signing request with another kind of key', async () => {
    const algorithm = { name: 'ECDSA', namedCurve: 'P-384' };
    const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
    const request = await Pkcs10CertificateRequestGenerator.create(
      { name: 'CN=n1', keys, signingAlgorithm: { name: 'ECDSA', hash: 'SHA-384' } },
      webcrypto as Crypto,
    );
    const refused = await issueFromRequest(authority, new Uint8Array(request.rawData), 'node', 'n1', nowMs);
    assert.ok(!refused.ok && /P-256/.test(refused.failure.message));
  });

  it('trusts no other authority, even one of the same name', async () => {
    const { certificate } = await issueClientCredentials(other, 'node', 'n1', nowMs);
    assert.equal(identityOf(der(certificate), authority.certificate, nowMs), 'another authority');
  });

  it('trusts no certificate that names the authority but was signed with another key', async () => {
    const forged = await issueClientCredentials({ ...authority, key: other.key }, 'node', 'n1', nowMs);
    assert.equal(identityOf(der(forged.certificate), authority.certificate, nowMs), 'another authority');
  });

  it('trusts no certificate before or after its time', async () => {
    const { certificate } = await issueClientCredentials(authority, 'node', 'n1', nowMs);
    assert.equal(identityOf(der(certificate), authority.certificate, nowMs + yearMs + 1000), 'expired');
    assert.equal(identityOf(der(certificate), authority.certificate, nowMs - yearMs), 'not yet valid');
  });

  it('takes neither a server’s certificate nor the authority’s own for an identity', async () => {
    const server = await issueServerCredentials(authority, ['localhost'], nowMs);
    assert.equal(identityOf(der(server.certificate), authority.certificate, nowMs), 'not for clients');
    assert.equal(identityOf(der(authority.certificate), authority.certificate, nowMs), 'not for clients');
    assert.equal(identityOf(new Uint8Array([1, 2, 3]), authority.certificate, nowMs), 'another authority');
  });

  it('puts names and addresses into a server’s certificate', async () => {
    const server = new X509Certificate(
      (await issueServerCredentials(authority, ['localhost', '10.77.0.10', '::1'], nowMs)).certificate,
    );
    assert.equal(server.checkHost('localhost'), 'localhost');
    assert.equal(server.checkIP('10.77.0.10'), '10.77.0.10');
    assert.ok(server.subjectAltName?.includes('IP Address:0:0:0:0:0:0:0:1'));
  });

  it('accepts only plain names', () => {
    for (const name of ['n1', 'a', '0', 'node-with-a-name-of-31-letters0']) assert.ok(isName(name), name);
    for (const name of ['', '-n1', 'N1', 'n1 ', 'a/b', '../a', 'a.b', 'n\n', 'x'.repeat(32), 'ü'])
      assert.ok(!isName(name), name);
  });

  describe('fetching an authority by its pin', () => {
    const servers: { close(): void }[] = [];
    const serve = async (chain: Credentials, shown: string): Promise<number> => {
      const leaf = await issueServerCredentials(chain, ['127.0.0.1'], nowMs);
      const server = createServer({ cert: leaf.certificate + shown, key: leaf.key, minVersion: 'TLSv1.3' });
      server.on('tlsClientError', () => {});
      server.on('secureConnection', (socket: TLSSocket) => socket.on('error', () => {}));
      servers.push(server);
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      return (server.address() as { port: number }).port;
    };
    after(() => {
      for (const server of servers) server.close();
    });

    it('returns the authority that has the pin', async () => {
      const port = await serve(authority, authority.certificate);
      const fetched = await fetchPinnedAuthority('127.0.0.1', port, pinOf(authority.certificate), 5000);
      assert.ok(fetched.ok);
      assert.equal(pinOf(fetched.value), pinOf(authority.certificate));
    });

    it('refuses another authority', async () => {
      const port = await serve(other, other.certificate);
      const fetched = await fetchPinnedAuthority('127.0.0.1', port, pinOf(authority.certificate), 5000);
      assert.ok(!fetched.ok && fetched.failure.code === 'unauthorized');
    });

    it('refuses a server that shows the pinned authority but was not signed by it', async () => {
      const port = await serve(other, authority.certificate);
      const fetched = await fetchPinnedAuthority('127.0.0.1', port, pinOf(authority.certificate), 5000);
      assert.ok(!fetched.ok && fetched.failure.code === 'unauthorized');
    });

    it('says so when nobody answers', async () => {
      const port = await serve(authority, authority.certificate);
      const probe = connect({ host: '127.0.0.1', port, rejectUnauthorized: false });
      await new Promise((resolve) => probe.once('secureConnect', resolve));
      probe.destroy();
      await new Promise<void>((resolve) => (servers.pop() as ReturnType<typeof createServer>).close(() => resolve()));
      const fetched = await fetchPinnedAuthority('127.0.0.1', port, pinOf(authority.certificate), 5000);
      assert.ok(!fetched.ok && fetched.failure.code === 'unreachable');
    });
  });
});
