import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { connectBus } from '../../../coordinator/bus/bus.ts';
import { startEmbeddedNats } from '../../../coordinator/bus/embedded.ts';
import { eventually, must, natsServer, startTestBus, type TestBus } from './test-bus.ts';

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

describe('embedded nats-server', function () {
  this.timeout(60_000);
  let test: TestBus;
  before(async () => {
    test = await startTestBus();
  });
  after(() => test.stop());

  it('listens on loopback only and refuses who has no password', async () => {
    assert.match(test.nats.address.url, /^nats:\/\/127\.0\.0\.1:\d+$/);
    const refused = await connectBus({ url: test.nats.address.url });
    assert.equal(refused.ok, false);
    if (!refused.ok) assert.equal(refused.failure.code, 'unauthorized');
  });

  it('refuses a second opener of its store, naming it', async () => {
    const second = await startEmbeddedNats({ storeDirectory: test.storeDirectory, program: test.program });
    assert.equal(second.ok, false);
    if (!second.ok) {
      assert.equal(second.failure.code, 'conflict');
      assert.match(second.failure.message, /in use by another coordinator/);
      assert.ok(second.failure.message.includes(test.storeDirectory));
    }
  });

  it('lets nobody delete, purge or restore a stream', async () => {
    await test.bus.jsm.streams.add({ name: 'KEPT', subjects: ['kept'] });
    await assert.rejects(test.bus.jsm.streams.delete('KEPT'));
    await assert.rejects(test.bus.jsm.streams.purge('KEPT'));
    await assert.rejects(test.bus.nc.request('$JS.API.STREAM.RESTORE.OTHER', '{}', { timeout: 1000 }));
    assert.equal((await test.bus.jsm.streams.info('KEPT')).config.name, 'KEPT');
  });

  it('says which version it needs when the configured nats-server is older', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'baton-test-old-nats-'));
    const old = join(folder, 'nats-server');
    await writeFile(old, '#!/bin/sh\necho nats-server: v2.9.10\n');
    await chmod(old, 0o755);
    const started = await startEmbeddedNats({ storeDirectory: join(folder, 'store'), program: old });
    await rm(folder, { recursive: true });
    assert.equal(started.ok, false);
    if (!started.ok) assert.match(started.failure.message, /v2\.9\.10; the journal needs nats-server 2\.10 or newer/);
  });

  it('is gone, and its store free, after a kill -9 of the coordinator', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'baton-test-orphan-'));
    const program = await natsServer();
    const options = { storeDirectory: join(folder, 'store'), program };
    const script = `
      import { startEmbeddedNats } from ${JSON.stringify(new URL('../../../coordinator/bus/embedded.ts', import.meta.url).href)};
      const started = await startEmbeddedNats(${JSON.stringify(options)});
      console.log(started.ok ? started.value.pid : started.failure.message);
      setInterval(() => {}, 1000);
    `;
    const coordinator = spawn(process.execPath, ['--input-type=module-typescript', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const line = (await createInterface({ input: coordinator.stdout })[Symbol.asyncIterator]().next()).value ?? '';
    const pid = Number(line);
    assert.ok(isAlive(pid), line);
    coordinator.kill('SIGKILL');
    await eventually(() => !isAlive(pid), 'nats-server ends with its coordinator');
    let next = await startEmbeddedNats(options);
    await eventually(async () => {
      if (!next.ok) next = await startEmbeddedNats(options);
      return next.ok;
    }, 'the store can be opened again');
    await must(next).stop();
    await rm(folder, { recursive: true });
  });

  it('ends when asked to, and says how it ended when it was killed', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'baton-test-end-'));
    const nats = must(await startEmbeddedNats({ storeDirectory: join(folder, 'store'), program: test.program }));
    process.kill(nats.pid, 'SIGKILL');
    assert.match(await nats.ended, /nats-server ended with/);
    await nats.stop();
    await rm(folder, { recursive: true });
  });
});
