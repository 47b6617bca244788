import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import type { FromAgentInit, Stream } from '../../../agent/link/session.ts';
import { openSession, type Session, type SessionParts } from '../../../agent/link/session.ts';
import { FakeClock } from '../runs/fake-clock.ts';

/** The writing end of a stream that takes only so much. */
class Narrow extends EventEmitter {
  written: FromAgentInit[] = [];
  hasRoom = true;
  cancelled = false;
  write({ kind }: { kind: FromAgentInit }): boolean {
    this.written.push(kind);
    return this.hasRoom;
  }
  cancel(): void {
    this.cancelled = true;
  }
  cases(): string[] {
    return this.written.map((kind) => kind.case ?? '');
  }
}

const key = { run: 'r', step: 's', phase: 'do', attempt: 1 } as const;
const outcome: FromAgentInit = { case: 'outcome', value: { key } };

describe('The stream to a coordinator', () => {
  let stream: Narrow;
  let session: Session;
  let parts: SessionParts;
  let outbox: FromAgentInit[];
  let clock: FakeClock;
  let over: string | undefined;
  const until = async (what: string, holds: () => boolean) => {
    const deadline = performance.now() + 5000;
    while (!holds()) {
      assert.ok(performance.now() < deadline, what);
      await new Promise((done) => setTimeout(done, 20));
    }
  };
  const nothingElse = { nextAtMs: () => undefined, advanceTo: () => undefined };
  const pass = (ms: number) => clock.run(clock.sleep(ms), nothingElse);
  beforeEach(() => {
    clock = new FakeClock();
    stream = new Narrow();
    outbox = [outcome];
    over = undefined;
    parts = {
      clock,
      hello: async () => ({ case: 'hello', value: {} }),
      heartbeat: () => ({ case: 'heartbeat', value: {} }),
      isOver: () => over,
      outbox: () => outbox,
      onMessage: () => {},
      onWelcome: () => {},
    };
    session = openSession(stream as unknown as Stream, parts);
  });
  afterEach(() => session.end('the test is over'));
  const welcome = () => stream.emit('data', { kind: { case: 'welcome', value: { coordinator: 'c', epoch: 1 } } });

  it('begins with hello, and brings the outbox once it is welcome', async () => {
    await until('hello', () => stream.cases().includes('hello'));
    assert.deepEqual(stream.cases(), ['hello']);
    welcome();
    assert.deepEqual(stream.cases(), ['hello', 'outcome']);
  });

  it('begins with hello also where an outcome falls due before it, which then follows the welcome', async () => {
    session.send(outcome);
    await until('hello', () => stream.cases().includes('hello'));
    session.send(outcome);
    assert.deepEqual(stream.cases(), ['hello']);
    welcome();
    assert.deepEqual(stream.cases(), ['hello', 'outcome']);
  });

  it('drops progress while it is blocked, and still sends outcomes at once', async () => {
    await until('hello', () => stream.cases().includes('hello'));
    welcome();
    stream.hasRoom = false;
    session.send(outcome);
    for (let percent = 0; percent < 1000; percent += 1) session.progress(key, { percent, line: '', outputBytes: 0 });
    const before = stream.written.length;
    await pass(1300);
    assert.equal(stream.written.length, before, 'nothing is put behind what is blocked');
    session.send(outcome);
    assert.equal(stream.cases().at(-1), 'outcome');

    stream.hasRoom = true;
    stream.emit('drain');
    await pass(1300);
    assert.ok(stream.cases().includes('heartbeat'));
    assert.ok(!stream.cases().includes('progress'), 'old progress is gone');
  });

  it('tells the newest progress only, at most four times a second', async () => {
    welcome();
    for (let atMs = 0; atMs < 700; atMs += 5) {
      session.progress(key, { percent: atMs, line: '', outputBytes: atMs });
      await pass(5);
    }
    const told = stream.written.flatMap((kind) => (kind.case === 'progress' ? [kind.value.percent] : []));
    assert.deepEqual(told, [245, 495], 'in 700 ms');
  });

  it('ends, and nothing else does, where the outbox or a message cannot be read', async () => {
    Object.defineProperty(outbox, Symbol.iterator, {
      value: () => {
        throw new Error('disk i/o');
      },
    });
    welcome();
    assert.equal(await session.ended, 'Error: disk i/o');
    assert.ok(stream.cancelled);
  });

  it('ends as soon as the node has joined anew: nothing that comes over it counts any more', async () => {
    const heard: string[] = [];
    parts.onMessage = ({ kind }) => void heard.push(kind.case ?? '');
    welcome();
    stream.emit('data', { kind: { case: 'ask', value: {} } });
    over = 'joined anew';
    stream.emit('data', { kind: { case: 'ask', value: {} } });
    assert.equal(await session.ended, 'joined anew');
    assert.deepEqual(heard, ['ask']);
  });

  it('ends when the node has joined anew also where nothing comes over it', async () => {
    over = 'joined anew';
    await pass(1300);
    assert.ok(!stream.cancelled, 'hello, which tells the new name, is still to come');
    over = undefined;
    welcome();
    over = 'joined anew';
    await pass(1300);
    assert.ok(stream.cancelled);
  });

  it('tells a heartbeat at once when it is asked to, but none before its welcome', async () => {
    session.beat();
    await until('hello', () => stream.cases().includes('hello'));
    session.beat();
    assert.deepEqual(stream.cases(), ['hello']);
    welcome();
    session.beat();
    assert.equal(stream.cases().at(-1), 'heartbeat');
  });

  it('ends once, with the reason, and writes nothing afterwards', async () => {
    stream.emit('error', new Error('reset'));
    stream.emit('end');
    assert.equal(await session.ended, 'reset');
    const before = stream.written.length;
    session.send(outcome);
    assert.equal(stream.written.length, before);
    assert.ok(stream.cancelled);
  });
});
