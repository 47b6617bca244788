import assert from 'node:assert/strict';
import { chmod, chown, mkdir, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import type { Action, AnswerOf } from '../../../shared/actions/action.ts';
import { createTestAgent, type TestAgent } from './test-agent.ts';
import { startTestCoordinator, type TestCoordinator, waitFor } from './test-coordinator.ts';

describe('The agent tells of its machine', function () {
  this.timeout(60_000);
  let coordinator: TestCoordinator;
  let agent: TestAgent;
  let daemon: Server;
  let port: number;

  before(async () => {
    daemon = createServer((socket) => {
      socket.on('error', () => {}).resume();
      socket.write('@RSYNCD: 31.0 sha512\n');
    });
    await new Promise<void>((done) => daemon.listen(0, '127.0.0.1', done));
    port = (daemon.address() as AddressInfo).port;
    coordinator = await startTestCoordinator();
    agent = await createTestAgent('paths: [FOLDER/files]\npeers: [127.0.0.1, 192.0.2.1]\n');
    await agent.join(coordinator);
    agent.start();
    await waitFor('a connection', () => coordinator.isConnected());
  });
  after(async () => {
    await agent.remove();
    await coordinator.stop();
    await new Promise((done) => daemon.close(done));
  });

  const read = async <A extends Action>(action: A): Promise<AnswerOf<A['kind']>> => {
    const { answer, failure } = await coordinator.read(action);
    assert.equal(failure, undefined, failure?.message ?? '');
    return answer as AnswerOf<A['kind']>;
  };

  it('which ports of others answer, refuse, or say nothing', async () => {
    const closed = createServer();
    await new Promise<void>((done) => closed.listen(0, '127.0.0.1', done));
    const closedPort = (closed.address() as AddressInfo).port;
    await new Promise((done) => closed.close(done));
    const { ports } = await read({
      kind: 'readPorts',
      targets: [
        { address: '127.0.0.1', port },
        { address: '127.0.0.1', port: closedPort },
        { address: '192.0.2.1', port: 22 },
      ],
    });
    assert.deepEqual(
      ports.slice(0, 2).map(({ state }) => state),
      ['open', 'refused'],
    );
    // Addresses of documentation: nobody answers, whether or not there is a route.
    assert.match(ports[2]?.state ?? '', /^(filtered|unreachable|refused)$/);
  });
  it('tries no port of anybody that its policy does not name', async () => {
    const { failure } = await coordinator.read({ kind: 'readPorts', targets: [{ address: '127.0.0.2', port }] });
    assert.equal(failure?.code, 'refused-by-policy');
    assert.match(failure?.message ?? '', /peers/);
    const rsync = await coordinator.read({ kind: 'readRsync', address: '127.0.0.2', transport: 'daemon', port });
    assert.equal(rsync.failure?.code, 'refused-by-policy');
  });
  it('that a plain rsync daemon is reached and not encrypted', async () => {
    const plain = await read({ kind: 'readRsync', address: '127.0.0.1', transport: 'daemon', port });
    assert.deepEqual([plain.reachable, plain.encrypted], [true, false]);
    assert.match(plain.detail, /@RSYNCD: 31\.0/);
    const tls = await read({ kind: 'readRsync', address: '127.0.0.1', transport: 'stunnel', port });
    assert.deepEqual([tls.reachable, tls.encrypted], [false, false]);
  });
  it('why ssh does not get there', async () => {
    const found = await read({ kind: 'readRsync', address: '127.0.0.1', transport: 'ssh', port });
    assert.equal(found.reachable, false);
    assert.notEqual(found.detail, '');
  });
  it('owners, modes and what everybody may write, of as many entries as it was asked for', async () => {
    const folder = join(agent.folder, 'files');
    await mkdir(join(folder, 'sub'));
    for (const name of ['a', 'b', 'sub/c']) await writeFile(join(folder, name), name);
    await chown(join(folder, 'b'), 65_534, 65_534);
    await chmod(join(folder, 'a'), 0o666);
    const all = await read({ kind: 'readOwners', root: folder, entries: 100, excludes: [] });
    assert.deepEqual([all.entries, all.isCut, all.worldWritable, all.worldWritableExamples], [5, false, 1, ['a']]);
    assert.deepEqual(all.owners.map(({ owner, entries }) => [owner, entries]).toSorted(), [
      ['nobody:nogroup', 1],
      ['root:root', 4],
    ]);
    const some = await read({ kind: 'readOwners', root: folder, entries: 2, excludes: [] });
    assert.deepEqual([some.entries, some.isCut], [2, true]);
    const without = { kind: 'readOwners', root: folder, entries: 100, excludes: [join(folder, 'sub')] } as const;
    assert.equal((await read({ ...without, excludes: [...without.excludes] })).entries, 3);
    const elsewhere = await coordinator.read({ kind: 'readOwners', root: '/etc', entries: 2, excludes: [] });
    assert.equal(elsewhere.failure?.code, 'refused-by-policy');
  });
  it('packages and programs, those that are not there too', async () => {
    const found = await read({
      kind: 'readPackages',
      packages: ['bash', 'no-such-package'],
      programs: ['find', 'no-such-program'],
    });
    assert.match(found.packages[0]?.version ?? '', /^\d/);
    assert.equal(found.packages[1]?.version, '');
    assert.match(found.programs[0]?.path ?? '', /\/bin\/find$/);
    assert.equal(found.programs[1]?.path, '');
  });
  it('its platform without a database', async () => {
    const found = await read({ kind: 'readPlatform' });
    assert.match(found.libc, /^glibc \d/);
    assert.notEqual(found.os, '');
    assert.equal(found.postgresql, '');
  });
});
