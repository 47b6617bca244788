import assert from 'node:assert/strict';
import { type Part, stopParts } from '../../../coordinator/daemon/stop-parts.ts';
import type { Log } from '../../../shared/log.ts';
import { FakeClock } from '../runs/fake-clock.ts';

const nobody = { nextAtMs: () => undefined, advanceTo() {} };

describe('the end of a coordinator', () => {
  let said: string[];
  const log = { warn: (what: string, { part }: { part: string }) => said.push(`${part}: ${what}`) } as unknown as Log;
  const order: string[] = [];
  const part = (name: string, stop: () => unknown = () => undefined): Part => ({
    name,
    stop: () => {
      order.push(name);
      return stop();
    },
  });
  beforeEach(() => {
    said = [];
    order.length = 0;
  });

  it('stops its parts in reverse, those behind one that fails too', async () => {
    const clock = new FakeClock();
    const fails = part('b', () => Promise.reject(new Error('no')));
    await clock.run(stopParts([part('a'), fails, part('c')], clock, log), nobody);
    assert.deepEqual(order, ['c', 'b', 'a']);
    assert.deepEqual(said, ['b: a part did not stop cleanly']);
  });

  it('leaves those that wait for ever behind, within the time that systemd gives it', async () => {
    const clock = new FakeClock();
    const waits = Array.from({ length: 12 }, (_, index) => part(`w${index}`, () => new Promise(() => undefined)));
    await clock.run(stopParts([part('first'), ...waits], clock, log), nobody);
    assert.equal(order.at(-1), 'first');
    assert.equal(said.length, waits.length);
    assert.ok(clock.monotonicMs() < 30_000, String(clock.monotonicMs()));
  });
});
