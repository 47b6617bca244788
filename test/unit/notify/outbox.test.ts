// Notices on their way: over takeovers, a bus that is gone, channels that fail, and more of them than anybody can send.
import assert from 'node:assert/strict';
import type { Stored } from '../../../coordinator/bus/store.ts';
import type { Cluster, NotifyPlan } from '../../../coordinator/cluster/cluster.ts';
import type { Channel } from '../../../coordinator/notify/deliver.ts';
import { type Notice, noticeKinds } from '../../../coordinator/notify/notice.ts';
import { createOutbox, type Entry, type NoticeTable, waitingMax } from '../../../coordinator/notify/outbox.ts';
import { giveUpAfterMs } from '../../../coordinator/notify/retries.ts';
import { fail, ok, type Result } from '../../../shared/failures.ts';
import { FakeClock } from '../runs/fake-clock.ts';
import { quiet } from '../runs/process.ts';

const both: NotifyPlan = {
  smtp: { host: 'mail', port: 25, tls: 'none', from: 'a@x', to: ['b@x'] },
  webhook: { url: 'https://hook/', headers: {}, headerFiles: {} },
  events: [...noticeKinds],
};
const notice = (id: string, more: Partial<Notice> = {}): Notice => ({
  kind: 'halt',
  cluster: 'lab',
  subject: `about ${id}`,
  text: 'it stands',
  id,
  ...more,
});
const nobodyElse = { nextAtMs: () => undefined, advanceTo: () => undefined };

/** What outlives a coordinator, and the servers' mood. */
class World {
  readonly clock = new FakeClock();
  readonly table = new Map<string, Stored<Entry>>();
  readonly sent: string[] = [];
  readonly tries: string[] = [];
  readonly said: string[] = [];
  notify: NotifyPlan | undefined = both;
  isBusGone = false;
  /** What is written is there, and nobody says so. */
  areAnswersLost = false;
  isBusFull = false;
  answer: (channel: Channel, subject: string) => Promise<Result<void>> | Result<void> = () => ok(undefined);

  coordinator() {
    const gone = () => fail('unreachable', 'the bus is gone');
    const write = (key: string, value: Entry): Result<number> => {
      if (this.isBusFull) return fail('no-space', 'the bus is full');
      const revision = (this.table.get(key)?.revision ?? 0) + 1;
      this.table.set(key, { key, value: structuredClone(value), revision });
      return this.areAnswersLost ? fail('timeout', 'no answer', { retryable: true }) : ok(revision);
    };
    const table: NoticeTable = {
      get: async (key) => (this.isBusGone ? gone() : ok(structuredClone(this.table.get(key)))),
      create: async (key, value) =>
        this.isBusGone ? gone() : this.table.has(key) ? fail('conflict', 'is there') : write(key, value),
      put: async (key, value) => (this.isBusGone ? gone() : write(key, value)),
      list: async () => (this.isBusGone ? gone() : ok([...this.table.values()].map((one) => structuredClone(one)))),
      delete: async (key) => ok(void this.table.delete(key)),
    };
    const stopping = new AbortController();
    const outbox = createOutbox({
      table,
      clusters: {
        get: async () =>
          this.isBusGone ? gone() : ok({ cluster: 'lab', ...(this.notify && { notify: this.notify }) } as Cluster),
      },
      deliver: async (channel, _plan, { subject }) => {
        this.tries.push(`${channel} ${subject}`);
        const answered = await this.answer(channel, subject);
        if (answered.ok) this.sent.push(`${channel} ${subject}`);
        return answered;
      },
      audit: { record: ({ detail, outcome }) => void this.said.push(`${outcome}: ${detail}`) },
      clock: this.clock,
      log: quiet,
    });
    const kept = outbox.keep(stopping.signal);
    return {
      tell: outbox.tell,
      stop: () => {
        stopping.abort();
        return this.clock.run(kept, nobodyElse);
      },
    };
  }

  /** Lets time pass. */
  async pass(ms: number): Promise<void> {
    await this.clock.run(this.clock.sleep(ms), nobodyElse);
  }
}

describe('the outbox of notices', () => {
  it('brings each notice to each channel, once, also when it is told again after a takeover', async () => {
    const world = new World();
    const first = world.coordinator();
    first.tell(notice('a'));
    first.tell(notice('a'));
    first.tell(notice('b'));
    await world.pass(1_000);
    await first.stop();
    const second = world.coordinator();
    second.tell(notice('a'));
    second.tell(notice('b'));
    await world.pass(60_000);
    await second.stop();
    assert.deepEqual(world.sent.toSorted(), ['smtp about a', 'smtp about b', 'webhook about a', 'webhook about b']);
    assert.equal(world.said.filter((line) => line.startsWith('done: lab: “about a” told to')).length, 2);
  });

  it('is gone on with by the next coordinator, with the channels that are left', async () => {
    const world = new World();
    world.answer = (channel) => (channel === 'smtp' ? fail('unreachable', 'down', { retryable: true }) : ok(undefined));
    const first = world.coordinator();
    first.tell(notice('a'));
    await world.pass(1_000);
    await first.stop();
    assert.deepEqual(world.sent, ['webhook about a']);
    world.answer = () => ok(undefined);
    const second = world.coordinator();
    await world.pass(120_000);
    await second.stop();
    assert.deepEqual(world.sent, ['webhook about a', 'smtp about a']);
  });

  it('keeps what is told while the bus is gone, and returns to who tells at once', async () => {
    const world = new World();
    world.isBusGone = true;
    const one = world.coordinator();
    one.tell(notice('a'));
    await world.pass(30_000);
    assert.deepEqual(world.tries, []);
    world.isBusGone = false;
    await world.pass(30_000);
    await one.stop();
    assert.equal(world.sent.length, 2);
  });

  it('sends in a moment what is on the bus although nobody said so', async () => {
    const world = new World();
    world.areAnswersLost = true;
    const one = world.coordinator();
    one.tell(notice('a'));
    await world.pass(2_000);
    world.areAnswersLost = false;
    await world.pass(20_000);
    await one.stop();
    assert.deepEqual(world.sent.toSorted(), ['smtp about a', 'webhook about a']);
  });

  it('sends once what the bus could not be told the end of', async () => {
    const world = new World();
    const one = world.coordinator();
    world.answer = () => {
      world.isBusFull = true;
      return ok(undefined);
    };
    one.tell(notice('a'));
    await world.pass(10_000);
    world.isBusFull = false;
    one.tell(notice('a'));
    await world.pass(3 * 3_600_000);
    await one.stop();
    assert.deepEqual(world.sent.toSorted(), ['smtp about a', 'webhook about a']);
    const [row] = world.table.values();
    assert.deepEqual(row?.value.left, {}, 'the next coordinator would tell it again');
  });

  it('tells people over a bus that is full', async () => {
    const world = new World();
    world.isBusFull = true;
    const one = world.coordinator();
    one.tell(notice('a'));
    await world.pass(10_000);
    one.tell(notice('a'));
    await world.pass(10_000);
    await one.stop();
    assert.deepEqual(world.sent.toSorted(), ['smtp about a', 'webhook about a']);
  });

  it('tries again with longer pauses, and says at last that it gives up', async () => {
    const world = new World();
    world.notify = { events: both.events, ...(both.smtp && { smtp: both.smtp }) };
    world.answer = () => fail('unreachable', 'mail: refused', { retryable: true });
    const one = world.coordinator();
    one.tell(notice('a'));
    await world.pass(giveUpAfterMs + 3_600_000);
    await one.stop();
    assert.ok(world.tries.length > 20 && world.tries.length < 100, `${world.tries.length} tries`);
    assert.match(
      world.said[0] ?? '',
      /failed: lab: “about a” not told to b@x by mail:25 yet, it is tried again: mail: refused/,
    );
    assert.match(world.said.at(-1) ?? '', /given up after \d+ tries/);
    assert.equal(world.said.length, 2);
  });

  it('gives up at once what is refused for good', async () => {
    const world = new World();
    world.answer = () => fail('unexpected-output', 'status 404');
    const one = world.coordinator();
    one.tell(notice('a'));
    await world.pass(3_600_000);
    await one.stop();
    assert.equal(world.tries.length, 2);
  });

  it('does not let one channel that hangs keep another one waiting', async () => {
    const world = new World();
    const released = Promise.withResolvers<Result<void>>();
    world.answer = (channel) => (channel === 'smtp' ? released.promise : ok(undefined));
    const one = world.coordinator();
    for (const id of ['a', 'b', 'c']) one.tell(notice(id));
    await world.pass(10_000);
    assert.deepEqual(world.sent, ['webhook about a', 'webhook about b', 'webhook about c']);
    assert.deepEqual(
      world.tries.filter((line) => line.startsWith('smtp')),
      ['smtp about a'],
      'a server that hangs is asked by one at a time',
    );
    released.resolve(ok(undefined));
    await world.pass(10_000);
    await one.stop();
    assert.equal(world.sent.length, 6);
  });

  it('tells only the kinds that the cluster file names, and nobody where it has no notify', async () => {
    const world = new World();
    world.notify = { ...both, events: ['alarm'] };
    const one = world.coordinator();
    one.tell(notice('a'));
    one.tell(notice('b', { kind: 'alarm' }));
    await world.pass(1_000);
    world.notify = undefined;
    one.tell(notice('c', { kind: 'alarm' }));
    await world.pass(1_000);
    await one.stop();
    assert.deepEqual(world.sent.toSorted(), ['smtp about b', 'webhook about b']);
  });

  it('holds no more than it may, and says what it drops', async () => {
    const world = new World();
    world.isBusGone = true;
    const one = world.coordinator();
    for (let number = 0; number < waitingMax + 5; number += 1) one.tell(notice(`${number}`));
    assert.equal(world.said.filter((line) => /too many notices/.test(line)).length, 5);
    await one.stop();
  });

  it('sends nothing for a channel that was taken out of the cluster file', async () => {
    const world = new World();
    world.answer = () => fail('unreachable', 'down', { retryable: true });
    const one = world.coordinator();
    one.tell(notice('a'));
    await world.pass(1_000);
    world.notify = { events: both.events, ...(both.smtp && { smtp: both.smtp }) };
    world.answer = () => ok(undefined);
    await world.pass(120_000);
    await one.stop();
    assert.deepEqual(world.sent, ['smtp about a']);
    assert.deepEqual(
      [...world.table.values()].map(({ value }) => value.left),
      [{}],
    );
  });
});
