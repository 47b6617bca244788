import assert from 'node:assert/strict';
import { openArtefacts } from '../../../coordinator/journal/artefacts.ts';
import { emptyHead, encodeEvent, eventBytesMax } from '../../../coordinator/journal/chain.ts';
import type { Append } from '../../../coordinator/journal/journal.ts';
import { openJournal } from '../../../coordinator/journal/nats-journal.ts';
import { eventOf } from '../../../coordinator/journal/next-event.ts';
import { sha256Hex } from '../../../shared/hash.ts';
import { must, startTestBus, type TestBus } from '../bus/test-bus.ts';

describe('limits of the journal', function () {
  this.timeout(60_000);
  let test: TestBus;
  before(async () => {
    test = await startTestBus();
  });
  after(() => test.stop());

  /** An event of exactly this many bytes, in letters of two bytes. */
  function sized(run: string, bytes: number): Append {
    const make = (coordinator: string): Append => ({
      run,
      head: emptyHead,
      epoch: 1,
      atMs: 1,
      fact: { type: 'LeaderChanged', coordinator },
    });
    const room = bytes - Buffer.byteLength(encodeEvent(eventOf(make(''))).bytes);
    return make(`${'é'.repeat(Math.floor(room / 2))}${'x'.repeat(room % 2)}`);
  }

  it('an event of 256 kB is stored and read byte for byte, one byte more is refused before anything is written', async () => {
    const journal = must(await openJournal(test.bus));
    const appended = await journal.append(sized('largest', eventBytesMax));
    assert.ok(appended.status === 'appended' && Buffer.byteLength(appended.stored.bytes) === eventBytesMax);
    assert.equal(must(await journal.read('largest'))[0]?.bytes, appended.stored.bytes);
    await assert.rejects(journal.append(sized('larger', eventBytesMax + 1)), /262145 bytes, more than 262144/);
    assert.deepEqual(must(await journal.runs()), ['largest']);
  });

  it('an artefact may be empty, fill its parts to the last byte, or be many times as large', async () => {
    const artefacts = openArtefacts(test.bus);
    const part = 512 * 1024;
    for (const size of [0, 1, part - 1, part, part + 1, 5 * part]) {
      const content = Buffer.alloc(size, 'content ');
      const name = must(await artefacts.put(content));
      assert.equal(name, sha256Hex(content));
      assert.ok(must(await artefacts.get(name)).equals(content), `${size} bytes`);
    }
  });

  it('a journal of more events than one request reads is read whole and in order', async () => {
    const journal = must(await openJournal(test.bus));
    let head = emptyHead;
    for (let index = 1; index <= 130; index += 1) {
      const fact = { type: 'LeaderChanged', coordinator: `c${index}` } as const;
      const appended = await journal.append({ run: 'long', head, epoch: 1, atMs: index, fact });
      assert.ok(appended.status === 'appended');
      head = { sequence: index, hash: appended.stored.hash };
    }
    const read = must(await journal.read('long', [head]));
    assert.deepEqual(
      read.map(({ event }) => event.sequence),
      Array.from({ length: 130 }, (_, index) => index + 1),
    );
  });
});
