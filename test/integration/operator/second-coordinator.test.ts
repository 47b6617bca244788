import assert from 'node:assert/strict';
import { chmod, cp, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { issueForCoordinator } from '../../../coordinator/daemon/authority.ts';
import { initCoordinator } from '../../../coordinator/daemon/init.ts';
import { readAuthority } from '../../../coordinator/daemon/state-files.ts';
import { openCoordinators } from '../../../coordinator/fleet/coordinators.ts';
import { systemClock } from '../../../shared/clock.ts';
import type { NodeAddedDocument } from '../../../shared/documents.ts';
import type { Result } from '../../../shared/failures.ts';
import { createLog } from '../../../shared/log.ts';
import { createSigningRequest } from '../../../shared/security/certificates.ts';
import { parseIdentity } from '../../../shared/security/identity-file.ts';
import { must, startTestBus } from '../bus/test-bus.ts';
import { refusal, TestClient } from '../fleet/fleet-fixture.ts';
import { startCoordinator } from './coordinator-process.ts';

const failureOf = (result: Result<unknown>) => (result.ok ? undefined : result.failure);

describe('the authority of a second coordinator', () => {
  let folder: string;
  const state = (name: string) => join(folder, name, 'state');
  const init = (name: string, authorityFrom?: string) =>
    initCoordinator({
      configPath: join(folder, name, 'coordinator.yaml'),
      stateDirectory: state(name),
      socketPath: join(folder, name, 'operator.sock'),
      listen: '10.77.0.1:7450',
      ...(authorityFrom === undefined ? {} : { authorityFrom }),
    });
  let pin: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'baton-test-authority-'));
    ({ pin } = must(await init('first')));
    must(await issueForCoordinator(state('first'), ['10.77.0.2'], join(folder, 'issued')));
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it('is taken over with its key, which only the owner may read', async () => {
    const done = must(await init('with-key', join(state('first'), 'authority')));
    assert.deepEqual({ pin: done.pin, mayEnrol: done.mayEnrol }, { pin, mayEnrol: true });
    assert.equal((await stat(join(state('with-key'), 'authority/key.pem'))).mode & 0o777, 0o600);
  });

  it('is taken over without its key: only a certificate of its own comes along', async () => {
    const files = ['ca.pem', 'identity.pem', 'server-key.pem', 'server.pem'];
    assert.deepEqual((await readdir(join(folder, 'issued'))).sort(), files);
    assert.equal((await stat(join(folder, 'issued'))).mode & 0o777, 0o700);
    for (const file of ['server-key.pem', 'identity.pem'])
      assert.equal((await stat(join(folder, 'issued', file))).mode & 0o777, 0o600, file);
    const done = must(await init('without-key', join(folder, 'issued')));
    assert.deepEqual({ pin: done.pin, mayEnrol: done.mayEnrol }, { pin, mayEnrol: false });
    const authority = must(await readAuthority(state('without-key')));
    assert.ok(authority.key === undefined && authority.server !== undefined);
    for (const file of ['authority/server-key.pem', 'operator/identity.pem'])
      assert.equal((await stat(join(state('without-key'), file))).mode & 0o777, 0o600, file);
    const identity = must(parseIdentity(await readFile(done.identity, 'utf8'), Date.now()));
    assert.equal(identity.operator.name, 'admin-10-77-0-2');
  });

  it('is issued only where its key is, and over nothing', async () => {
    const nowhere = await issueForCoordinator(state('without-key'), ['10.77.0.3'], join(folder, 'third'));
    assert.match(failureOf(nowhere)?.message ?? '', /issue it where the key is/);
    const again = await issueForCoordinator(state('first'), ['10.77.0.2'], join(folder, 'issued'));
    assert.equal(failureOf(again)?.code, 'conflict');
  });

  it('is refused when others may read its key, or when key and certificate are not of one another', async () => {
    const open = join(folder, 'open');
    await cp(state('first'), open, { recursive: true });
    await chmod(join(open, 'authority/key.pem'), 0o640);
    const read = failureOf(await readAuthority(open));
    assert.match(read?.message ?? '', /key\.pem may be read by others than its owner \(640\)/);
    must(await init('stranger'));
    const mixed = join(folder, 'mixed');
    await cp(join(state('first'), 'authority'), mixed, { recursive: true });
    await cp(join(state('stranger'), 'authority/ca.pem'), join(mixed, 'ca.pem'));
    assert.match(failureOf(await init('mixed-up', mixed))?.message ?? '', /key\.pem is not the key of ca\.pem/);
  });

  it('is the same on one bus, or the second does not start', async () => {
    const test = await startTestBus();
    const log = createLog('test');
    log.silent = true;
    const own = (name: string, of: string) => ({ name, address: `${name}:7450`, pin: of, mayEnrol: true });
    const first = must(await openCoordinators({ bus: test.bus, clock: systemClock, log }, own('c1', pin)));
    const other = await openCoordinators({ bus: test.bus, clock: systemClock, log }, own('c2', 'sha256:other'));
    assert.equal(failureOf(other)?.code, 'conflict');
    assert.match(failureOf(other)?.message ?? '', /coordinator c1 on this bus has authority sha256:/);
    first.stop();
    await test.stop();
  });
});

describe('a coordinator without the authority’s key', () => {
  it('serves, and refuses to enrol with a message that says why; a token is not used up', async function () {
    this.timeout(90_000);
    const first = await startCoordinator();
    const folder = join(first.folder, 'issued');
    must(await issueForCoordinator(join(first.folder, 'state'), ['127.0.0.1'], folder));
    const second = await startCoordinator({ authorityFrom: folder });
    try {
      must(await second.client().call('getVersion', {}));
      const added = await second.client().call<NodeAddedDocument>('addNode', { name: 'n1', role: 'master' });
      assert.equal(failureOf(added)?.code, 'unauthorized');
      assert.match(failureOf(added)?.message ?? '', /cannot enrol: it does not have the authority's key/);
      const asked = { name: 'alice', role: 'viewer', signingRequest: (await createSigningRequest('alice')).request };
      const operator = failureOf(await second.client().call('addOperator', asked));
      assert.match(operator?.message ?? '', /cannot issue certificates: it does not have the authority's key/);
      const knocking = new TestClient(second);
      const { request } = await createSigningRequest('n1');
      const refused = await refusal(knocking.join({ token: 'any', name: 'n1', signingRequest: request }));
      knocking.close();
      assert.match(refused.details, /cannot enrol/);
    } finally {
      await first.remove();
      await second.remove();
    }
  });
});
