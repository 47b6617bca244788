import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { type Bus, connectBus } from '../../../coordinator/bus/bus.ts';
import { type EmbeddedNats, startEmbeddedNats } from '../../../coordinator/bus/embedded.ts';
import { openStore } from '../../../coordinator/bus/store.ts';
import { emptyHead, headOf } from '../../../coordinator/journal/chain.ts';
import type { RunFact } from '../../../coordinator/journal/event.ts';
import type { Journal } from '../../../coordinator/journal/journal.ts';
import { openJournal } from '../../../coordinator/journal/nats-journal.ts';
import { openReleaseStore, type ReleaseRecord } from '../../../coordinator/releases/release-store.ts';
import { sha256Hex } from '../../../shared/hash.ts';
import { eventually, must, natsServer } from './test-bus.ts';

const run = 'upgrade-1';
const fact = (text: string): RunFact => ({ type: 'LeaderChanged', coordinator: text });

describe('the coordinator on a full disk', function () {
  this.timeout(60_000);
  let folder: string;
  let disk: string;
  let nats: EmbeddedNats;
  let bus: Bus;
  let journal: Journal;
  const start = async () => {
    nats = must(await startEmbeddedNats({ storeDirectory: join(disk, 'nats'), program: await natsServer() }));
    bus = must(await connectBus(nats.address));
  };
  const stop = async () => {
    await bus.close();
    await nats.stop();
  };
  const fill = () => writeFile(join(disk, 'fill'), Buffer.alloc(64 * 1024 * 1024)).catch(() => undefined);
  const makeRoom = () => rm(join(disk, 'fill'));
  const events = async () => must(await journal.read(run));
  const append = async (text: string) => {
    const stored = await events();
    return await journal.append({
      run,
      head: stored.length === 0 ? emptyHead : headOf(stored),
      epoch: 1,
      atMs: 1,
      fact: fact(text),
    });
  };

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'baton-full-'));
    disk = join(folder, 'disk');
    await mkdir(disk);
    await execa('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', disk]);
    await start();
    journal = must(await openJournal(bus));
  });
  afterEach(async () => {
    await stop();
    await execa('umount', [disk]);
    await rm(folder, { recursive: true });
  });

  it('says so of an event, keeps what was journaled, and takes events again once there is room', async () => {
    const texts: string[] = [];
    for (let turn = 0; turn < 3; turn += 1) {
      const before = `before ${turn}`;
      assert.equal((await append(before)).status, 'appended');
      texts.push(before);
      await fill();
      let refused = 0;
      // Until the last page of the newest file is full, too.
      for (let room = 0; room < 20; room += 1) {
        const appended = await append(`${turn}.${room} ${'x'.repeat(3000)}`);
        if (appended.status === 'appended') texts.push(`${turn}.${room} ${'x'.repeat(3000)}`);
        else {
          assert.ok(appended.status === 'failed', appended.status);
          refused += 1;
          assert.equal(appended.failure.code, 'no-space');
          assert.match(appended.failure.message, /no space left on device; free disk space/);
        }
      }
      assert.ok(refused > 0);
      const read = (await events()).map(({ event }) => (event.fact as { coordinator: string }).coordinator);
      assert.deepEqual(read, texts, 'what was refused is not there, what was acknowledged is');
      await makeRoom();
    }
    assert.equal((await append('after')).status, 'appended');
    await stop();
    await start();
    journal = must(await openJournal(bus));
    assert.equal((await events()).length, texts.length + 1);
  });

  it('still has its streams where it is started anew, and goes on in them once there is room', async () => {
    for (const text of ['a', 'b']) assert.equal((await append(text)).status, 'appended');
    await fill();
    await stop();
    await start();
    assert.equal((await bus.jsm.streams.info(`RUN_${run}`)).state.last_seq, 2);
    await makeRoom();
    journal = must(await openJournal(bus));
    assert.equal((await events()).length, 2);
    assert.equal((await append('c')).status, 'appended');
  });

  it('shows its tables and follows its journals all the same', async () => {
    const table = must(await openStore<number>(bus, 'tried'));
    for (const key of ['a', 'b', 'c']) must(await table.create(key, 1));
    must(await table.delete('b'));
    assert.equal((await append('x')).status, 'appended');
    await fill();
    assert.deepEqual(must(await table.keys()), ['a', 'c']);
    assert.deepEqual(
      must(await table.list()).map(({ key }) => key),
      ['a', 'c'],
    );
    const followed: number[] = [];
    const stopFollowing = must(await journal.follow(run, 0, ({ event }) => followed.push(event.sequence)));
    await eventually(() => followed.length > 0, 'the journal is followed');
    stopFollowing();
    await makeRoom();
  });

  it('takes no installer, leaves nothing of it behind, and takes it once there is room', async () => {
    const records = must(await openStore<ReleaseRecord>(bus, 'releases'));
    const releases = must(await openReleaseStore(join(disk, 'releases'), records, 1024 ** 3));
    const data = Buffer.alloc(1024 * 1024, 'x');
    const upload = () =>
      releases.add({ name: 'I_V870', sha256: sha256Hex(data), sizeBytes: data.length, data: [data] as never });
    await fill();
    const refused = await upload();
    assert.equal(refused.ok ? '' : refused.failure.code, 'no-space');
    assert.match(refused.ok ? '' : refused.failure.message, /disk is full; free space in/);
    await makeRoom();
    must(await upload());
  });
});
