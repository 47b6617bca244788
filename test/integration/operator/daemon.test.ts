import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { initCoordinator } from '../../../coordinator/daemon/init.ts';
import type { NodeAddedDocument, NodesDocument, VersionDocument } from '../../../shared/documents.ts';
import { pinOf } from '../../../shared/security/certificates.ts';
import { fetchPinnedAuthority } from '../../../shared/security/pinned-authority.ts';
import { must } from '../bus/test-bus.ts';
import { type CoordinatorProcess, startCoordinator } from './coordinator-process.ts';

describe('setting a coordinator up', () => {
  let folder: string;
  const options = () => ({
    configPath: join(folder, 'etc/coordinator.yaml'),
    stateDirectory: join(folder, 'state'),
    socketPath: join(folder, 'operator.sock'),
    listen: '10.77.0.1:7450',
  });
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'baton-test-init-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('writes keys that only the owner may read', async () => {
    const done = must(await initCoordinator(options()));
    for (const file of ['state/authority/key.pem', 'state/operator/identity.pem'])
      assert.equal((await stat(join(folder, file))).mode & 0o777, 0o600, file);
    assert.equal((await stat(join(folder, 'state'))).mode & 0o777, 0o700);
    assert.equal(done.pin, pinOf(await readFile(join(folder, 'state/authority/ca.pem'), 'utf8')));
  });

  it('overwrites nothing', async () => {
    const first = must(await initCoordinator(options()));
    const again = await initCoordinator(options());
    assert.ok(!again.ok && again.failure.code === 'conflict');
    await rm(options().configPath);
    const interrupted = must(await initCoordinator(options()));
    assert.equal(interrupted.pin, first.pin, 'the authority is kept');
  });

  it('wants an address that nodes can reach', async () => {
    for (const listen of ['0.0.0.0:7450', '[::]:7450', 'a b', ':7450', '']) {
      const refused = await initCoordinator({ ...options(), listen });
      assert.ok(!refused.ok && refused.failure.code === 'bad-input', listen);
    }
    must(await initCoordinator({ ...options(), listen: '0.0.0.0:7450', advertise: 'baton.example.org:7450' }));
    assert.match(await readFile(options().configPath, 'utf8'), /advertise: "baton\.example\.org:7450"/);
  });
});

describe('the coordinator’s process', () => {
  let coordinator: CoordinatorProcess;
  before(async function () {
    this.timeout(60_000);
    coordinator = await startCoordinator();
  });
  after(() => coordinator.remove());

  it('answers on its socket and, with the operator’s certificate, from afar', async () => {
    for (const from of ['socket', 'afar'] as const) {
      const version = must(await coordinator.client(from).call<VersionDocument>('getVersion', {}));
      assert.ok(version.epoch >= 1);
    }
  });

  it('lets nobody but its owner and its group near the socket', async () => {
    const { mode } = await stat(coordinator.socketPath);
    assert.ok([0o600, 0o660].includes(mode & 0o777), (mode & 0o777).toString(8));
  });

  it('shows the authority that its join lines pin', async () => {
    const added = must(await coordinator.client().call<NodeAddedDocument>('addNode', { name: 'n1', role: 'master' }));
    const pin = /--pin (sha256:[0-9a-f]{64})$/.exec(added.joinLine)?.[1] ?? '';
    assert.equal(pin, coordinator.initialized.pin);
    must(await fetchPinnedAuthority(coordinator.address.host, coordinator.address.port, pin, 5_000));
    assert.ok(!coordinator.log().includes(added.token), 'the token is not in the log');
  });

  it('does not start twice', async () => {
    const main = resolve(import.meta.dirname, '../../../coordinator/main.ts');
    const second = await promisify(execFile)(process.execPath, [
      main,
      'coordinator',
      '--config',
      coordinator.configPath,
    ])
      .then(() => assert.fail('it started'))
      .catch((error: { code: number; stderr: string }) => error);
    assert.equal(second.code, 2);
    assert.match(second.stderr, /in use by another coordinator/);
    must(await coordinator.client().call('getVersion', {}));
  });

  it('knows after kill -9 what it knew before, under a higher epoch', async function () {
    this.timeout(60_000);
    const before = must(await coordinator.client().call<VersionDocument>('getVersion', {}));
    await coordinator.end('SIGKILL');
    await coordinator.start();
    const client = coordinator.client();
    const after = must(await client.call<VersionDocument>('getVersion', {}));
    assert.ok(after.epoch > before.epoch);
    const { nodes } = must(await client.call<NodesDocument>('listNodes', {}));
    assert.deepEqual(
      nodes.map(({ name, joined }) => ({ name, joined })),
      [{ name: 'n1', joined: false }],
    );
  });

  it('ends with status 0 when it is told to, and takes its socket away', async function () {
    this.timeout(60_000);
    assert.equal(await coordinator.end('SIGTERM'), 0);
    assert.ok(
      await stat(coordinator.socketPath).then(
        () => false,
        () => true,
      ),
    );
    await coordinator.start();
  });
});
