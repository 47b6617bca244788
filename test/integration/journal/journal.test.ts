import assert from 'node:assert/strict';
import { open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { errors } from '@nats-io/transport-node';
import { connectBus } from '../../../coordinator/bus/bus.ts';
import { emptyHead, headOf, type StoredEvent } from '../../../coordinator/journal/chain.ts';
import type { Append, Journal } from '../../../coordinator/journal/journal.ts';
import { openJournal } from '../../../coordinator/journal/nats-journal.ts';
import { eventually, must, startTestBus, type TestBus } from '../bus/test-bus.ts';

const fact = (coordinator: string): Append['fact'] => ({ type: 'LeaderChanged', coordinator });

describe('journal on JetStream', function () {
  this.timeout(60_000);
  let test: TestBus;
  let journal: Journal;
  before(async () => {
    test = await startTestBus();
    journal = must(await openJournal(test.bus));
  });
  after(() => test.stop());

  /** Appends `count` events behind what is there. */
  async function write(run: string, count: number, epoch = 1): Promise<StoredEvent[]> {
    for (let index = 0; index < count; index += 1) {
      const head = headOf(must(await journal.read(run)));
      const appended = await journal.append({ run, head, epoch, atMs: 1, fact: fact(`c${index}`) });
      assert.equal(appended.status, 'appended');
    }
    return must(await journal.read(run));
  }

  it('lets one of two writers at the same head win; the other is told to fold again', async () => {
    const both = await Promise.all(
      ['a', 'b'].map((name) => journal.append({ run: 'cas', head: emptyHead, epoch: 1, atMs: 1, fact: fact(name) })),
    );
    assert.deepEqual(both.map(({ status }) => status).sort(), ['appended', 'behind']);
    assert.equal(must(await journal.read('cas')).length, 1);
  });

  it('knows its own event again when the acknowledgement was lost', async () => {
    const { js } = test.bus;
    const publish: typeof js.publish = async (...message) => {
      await js.publish(...message);
      throw new errors.TimeoutError();
    };
    const losing = must(await openJournal({ ...test.bus, js: Object.create(js, { publish: { value: publish } }) }));
    const appended = await losing.append({ run: 'lost', head: emptyHead, epoch: 1, atMs: 1, fact: fact('a') });
    assert.equal(appended.status, 'appended');
    assert.equal(must(await journal.read('lost')).length, 1);
  });

  it('sends an event again that was lost on its way, once', async () => {
    const { js } = test.bus;
    let sent = 0;
    const publish: typeof js.publish = (...message) => {
      sent += 1;
      return sent === 1 ? Promise.reject(new errors.TimeoutError()) : js.publish(...message);
    };
    const losing = must(await openJournal({ ...test.bus, js: Object.create(js, { publish: { value: publish } }) }));
    const appended = await losing.append({ run: 'resent', head: emptyHead, epoch: 1, atMs: 1, fact: fact('a') });
    assert.equal(appended.status, 'appended');
    assert.equal(must(await journal.read('resent')).length, 1);
  });

  it('tells a writer of an older epoch that it is deposed', async () => {
    const [first] = await write('epochs', 1, 3);
    assert.ok(first);
    const late = await journal.append({ run: 'epochs', head: emptyHead, epoch: 2, atMs: 1, fact: fact('old') });
    assert.deepEqual(late, { status: 'deposed', epoch: 3 });
  });

  it('keeps every acknowledged event, byte for byte, over kill -9 of the server in the middle of writing, eight times', async () => {
    const acknowledged: string[] = [];
    for (let kill = 0; kill < 8; kill += 1) {
      let head = headOf(must(await journal.read('killed')));
      assert.ok(head.sequence <= acknowledged.length + 1);
      acknowledged.splice(0, acknowledged.length, ...must(await journal.read('killed')).map(({ bytes }) => bytes));
      const enough = acknowledged.length + 10 + kill;
      let isKilled = false;
      const writing = (async () => {
        for (let index = 0; !isKilled; index += 1) {
          const appended = await journal.append({
            run: 'killed',
            head,
            epoch: 1,
            atMs: index,
            fact: fact(`c${index}`),
          });
          if (appended.status !== 'appended') return;
          acknowledged.push(appended.stored.bytes);
          head = { sequence: appended.stored.event.sequence, hash: appended.stored.hash };
        }
      })();
      await eventually(() => acknowledged.length >= enough, `${enough} events are acknowledged`);
      await Promise.all([
        test.killAndRestart().then(() => {
          isKilled = true;
        }),
        writing.catch(() => undefined),
      ]);
      journal = must(await openJournal(test.bus));
      const stored = must(await journal.read('killed')).map(({ bytes }) => bytes);
      assert.deepEqual(stored.slice(0, acknowledged.length), acknowledged);
      assert.ok(stored.length <= acknowledged.length + 1);
    }
  });

  it('tells events that are there and then those that come', async () => {
    const events = await write('followed', 3);
    const seen: number[] = [];
    const stop = must(await journal.follow('followed', 1, ({ event }) => seen.push(event.sequence)));
    await journal.append({ run: 'followed', head: headOf(events), epoch: 1, atMs: 1, fact: fact('later') });
    await eventually(() => seen.length === 3, 'the follower saw all three');
    assert.deepEqual(seen, [2, 3, 4]);
    stop();
  });

  it('lists its runs', async () => {
    await write('listed', 1);
    assert.ok(must(await journal.runs()).includes('listed'));
  });

  it('finds a tail that was cut off, names the first missing event, and lets other runs go on', async () => {
    await write('cut', 5);
    await write('whole', 2);
    await test.nats.stop();
    // The streams' files as a careless restore would leave them: the last record of the block is gone.
    const folder = join(test.storeDirectory, 'streams/jetstream/$G/streams/RUN_cut/msgs');
    await changeBlocks(folder, (size) => ({ truncateTo: size - 40 }));
    await restart();
    const read = await journal.read('cut');
    assert.equal(read.ok ? '' : read.failure.code, 'damaged');
    assert.match(read.ok ? '' : read.failure.message, /run cut: journal damaged at event 5: /);
    assert.equal(must(await journal.read('whole')).length, 2);
    assert.equal((await write('whole', 1)).length, 3);
  });

  it('finds a cut tail also when the server has forgotten that there was more', async () => {
    await write('forgotten', 5);
    await test.nats.stop();
    const folder = join(test.storeDirectory, 'streams/jetstream/$G/streams/RUN_forgotten/msgs');
    await changeBlocks(folder, (size) => ({ truncateTo: size - 40 }));
    await rm(join(folder, 'index.db'), { force: true });
    await restart();
    const read = await journal.read('forgotten');
    assert.match(
      read.ok ? '' : read.failure.message,
      /journal damaged at event 5: it is missing: the journal had 5 events, now it has 4/,
    );
  });

  it('finds a tail that everything here has forgotten by a head that an agent was told', async () => {
    const told = headOf(await write('told', 3));
    assert.equal(must(await journal.read('told', [told])).length, 3);
    const beyond = await journal.read('told', [{ sequence: 4, hash: told.hash }]);
    assert.match(
      beyond.ok ? '' : beyond.failure.message,
      /damaged at event 4: it is missing: the journal had 4 events, now it has 3/,
    );
    const other = await journal.read('told', [{ sequence: 2, hash: told.hash }]);
    assert.match(other.ok ? '' : other.failure.message, /damaged at event 2: it is not the event/);
  });

  it('finds a flipped bit in the stored files and names an event that it hit', async () => {
    await write('flipped', 6);
    await test.nats.stop();
    const folder = join(test.storeDirectory, 'streams/jetstream/$G/streams/RUN_flipped/msgs');
    await changeBlocks(folder, (size) => ({ flipAt: Math.floor(size / 2) }));
    await restart();
    const read = await journal.read('flipped');
    assert.equal(read.ok ? '' : read.failure.code, 'damaged');
    assert.match(read.ok ? '' : read.failure.message, /journal damaged at event [34]: /);
  });

  async function restart(): Promise<void> {
    await test.bus.close();
    const { startEmbeddedNats } = await import('../../../coordinator/bus/embedded.ts');
    test.nats = must(await startEmbeddedNats({ storeDirectory: test.storeDirectory, program: test.program }));
    test.bus = must(await connectBus(test.nats.address));
    journal = must(await openJournal(test.bus));
  }
});

async function changeBlocks(
  folder: string,
  change: (size: number) => { truncateTo?: number; flipAt?: number },
): Promise<void> {
  const blocks = (await readdir(folder)).filter((name) => name.endsWith('.blk'));
  assert.equal(blocks.length, 1);
  const file = await open(join(folder, blocks[0] ?? ''), 'r+');
  const { truncateTo, flipAt } = change((await file.stat()).size);
  if (truncateTo !== undefined) await file.truncate(truncateTo);
  if (flipAt !== undefined) {
    const byte = Buffer.alloc(1);
    await file.read(byte, 0, 1, flipAt);
    byte[0] = (byte[0] ?? 0) ^ 4;
    await file.write(byte, 0, 1, flipAt);
  }
  await file.close();
}
