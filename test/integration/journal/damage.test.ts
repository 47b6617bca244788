import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { must } from '../bus/test-bus.ts';
import { appendTo, type Field, fields, flipIn, type OpenStore, opened, Store, startOf } from './store-damage.ts';

const block = 'msgs/1.blk';
const flipMiddle = (bytes: Buffer): Buffer => {
  const at = Math.floor(bytes.length / 2);
  bytes[at] = (bytes[at] ?? 0) ^ 4;
  return bytes;
};

describe('damage to the files of the store', function () {
  this.timeout(60_000);
  let store: Store;
  let plan = '';
  let otherPlan = '';
  before(async () => {
    store = await Store.make();
    const { journal, locks, artefacts } = await store.start();
    for (const run of ['hit', 'other']) {
      must(await locks.open(run, opened(run)));
      for (let event = 1; event <= 4; event += 1) await appendTo(journal, run, `${run} ${event}`);
    }
    plan = must(await artefacts.put('the plan '.repeat(100)));
    otherPlan = must(await artefacts.put('another plan'));
    await store.stop();
    await store.keep();
  });
  after(() => store.remove());
  beforeEach(() => store.restore());
  afterEach(() => store.stop());

  /** Run `hit` is damaged at this event and nothing else is: the other one goes on, and a new one can start elsewhere. */
  async function isFoundAt(event: number, { journal, locks }: OpenStore): Promise<void> {
    const read = await journal.read('hit');
    assert.equal(read.ok ? 'whole' : read.failure.code, 'damaged');
    assert.match(read.ok ? '' : read.failure.message, new RegExp(`^run hit: journal damaged at event ${event}: `));
    const { events, damage } = must(await journal.salvage('hit'));
    assert.deepEqual([events.length, damage?.sequence], [event - 1, event], 'what lies before it is there as evidence');
    assert.deepEqual(
      must(await journal.runs()).filter((run) => run !== 'new'),
      ['hit', 'other'],
    );
    assert.equal(must(await journal.read('other')).length, 4);
    await appendTo(journal, 'other', 'goes on');
    assert.equal(must(await locks.holder('hit'))?.run, 'hit');
    must(await locks.open('elsewhere', opened('new')));
    await appendTo(journal, 'new', 'starts');
  }

  for (const field of fields)
    it(`of a journal: one flipped bit in the ${field} of a record is found at its event`, async () => {
      for (const event of [1, 3, 4]) {
        await store.restore();
        await store.change('RUN_hit', block, flipIn(event, field));
        await isFoundAt(event, await store.start());
        await store.stop();
      }
    });

  it('of a journal: a block cut off at or in an event is found at that event', async () => {
    for (const [event, offset] of [
      [2, 0],
      [3, 25],
      [4, 0],
      [4, 200],
    ] as const) {
      await store.restore();
      await store.change('RUN_hit', block, (bytes) => bytes.subarray(0, startOf(bytes, event) + offset));
      await isFoundAt(event, await store.start());
      await store.stop();
    }
  });

  for (const [what, file, how] of [
    ['an empty block', block, () => Buffer.alloc(0)],
    ['a flipped bit in the stream’s description', 'meta.inf', flipMiddle],
    ['a flipped bit in the sum of the description', 'meta.sum', flipMiddle],
    ['a description that was cut off', 'meta.inf', (bytes: Buffer) => bytes.subarray(0, 40)],
  ] as const)
    it(`of a journal: ${what} is found at the first event`, async () => {
      await store.change('RUN_hit', file, how);
      await isFoundAt(1, await store.start());
    });

  it('of an index: nothing is lost, the server reads the blocks', async () => {
    for (const how of [flipMiddle, (bytes: Buffer) => bytes.subarray(0, 10)]) {
      await store.restore();
      await store.change('RUN_hit', 'msgs/index.db', how);
      assert.equal(must(await (await store.start()).journal.read('hit')).length, 4);
      await store.stop();
    }
  });

  it('of a kept head: the run whose end nobody can vouch for goes no further, one that has ended is whole', async () => {
    for (const [file, how] of [
      [block, flipIn(2, 'payload')],
      ['meta.inf', flipMiddle],
    ] as const) {
      await store.restore();
      await store.change('HEAD_RUN_hit', file, how);
      await isFoundAt(5, await store.start());
      await store.stop();
    }
    await store.restore();
    const { journal } = await store.start();
    const head = must(await journal.read('hit')).at(-1);
    assert.ok(head);
    const ended = await journal.append({
      run: 'hit',
      head: { sequence: 4, hash: head.hash },
      epoch: 9,
      atMs: 1,
      fact: { type: 'RunEnded', status: 'succeeded', message: '', failoverArmed: 'armed' },
    });
    assert.equal(ended.status, 'appended');
    await store.stop();
    await store.change('HEAD_RUN_hit', block, () => Buffer.alloc(0));
    assert.equal(must(await (await store.start()).journal.read('hit')).length, 5);
  });

  it('of a cluster’s lock: no run is started or taken up there, other clusters are free', async () => {
    const damages = [
      ...fields.map((field) => [block, flipIn(1, field)] as const),
      [block, () => Buffer.alloc(0)] as const,
      ['meta.inf', flipMiddle] as const,
      ['meta.sum', flipMiddle] as const,
    ];
    for (const [file, how] of damages) {
      await store.restore();
      await store.change('CLUSTER_hit', file, how);
      const { locks, journal } = await store.start();
      assert.deepEqual(must(await locks.clusters()), ['hit', 'other']);
      const holder = await locks.holder('hit');
      assert.match(
        holder.ok ? 'free' : holder.failure.message,
        /cluster hit: its lock is damaged at entry 1, .*restore a backup of it.*under other names/,
      );
      // Where the description alone was hit, opening makes the stream anew around its entries, and so mends it.
      const taken = await locks.open('hit', opened('second'));
      assert.ok(!taken.ok && ['damaged', 'conflict'].includes(taken.failure.code));
      assert.equal(must(await journal.read('hit')).length, 4);
      must(await locks.open('elsewhere', opened('new')));
      await store.stop();
    }
  });

  it('of an artefact: it is damaged or gone, never another one, and storing it again brings it back', async () => {
    for (const [sequence, field] of [1, 2].flatMap((record) =>
      ['length', 'sequence', 'subject', 'payload', 'checksum'].map((field) => [record, field as Field] as const),
    )) {
      await store.restore();
      await store.change(`ARTEFACT_${plan}`, block, flipIn(sequence, field));
      const { artefacts } = await store.start();
      const got = await artefacts.get(plan);
      assert.equal(must(await artefacts.get(otherPlan)).toString(), 'another plan');
      assert.ok(!got.ok && ['damaged', 'not-found'].includes(got.failure.code), `${sequence} ${field}`);
      assert.equal(must(await artefacts.put('the plan '.repeat(100))), plan);
      assert.equal(must(await artefacts.get(plan)).length, 900);
      await store.stop();
    }
  });

  it('of the elections: the next epoch is newer than all that were lost', async () => {
    const before = (await store.start()).epoch;
    await store.stop();
    await store.change('LEADERSHIP', block, () => Buffer.alloc(0));
    assert.equal((await store.start()).epoch, before + 1);
  });

  it('keeps a copy of a block that would have crashed the server', async () => {
    await store.change('RUN_hit', block, flipIn(2, 'headers’ length'));
    let damaged = Buffer.alloc(0);
    await store.change('RUN_hit', block, (bytes) => {
      damaged = Buffer.from(bytes);
      return bytes;
    });
    const { nats } = await store.start();
    assert.deepEqual(
      nats.cut.map(({ stream }) => stream),
      ['RUN_hit'],
    );
    assert.deepEqual(await readFile(nats.cut[0]?.copy ?? ''), damaged);
  });
});
