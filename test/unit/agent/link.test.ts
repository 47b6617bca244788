import assert from 'node:assert/strict';
import fc from 'fast-check';
import { reconnectPauseMs } from '../../../agent/link/link.ts';

describe('Pauses between connections', () => {
  it('find a coordinator that was away for a few seconds within another second', () => {
    let awayMs = 0;
    for (let losses = 0; awayMs < 4000; losses += 1) {
      const pauseMs = reconnectPauseMs(losses, 1);
      assert.ok(pauseMs <= (losses === 0 ? 500 : 1300), `${pauseMs} ms after ${awayMs} ms`);
      awayMs += pauseMs;
    }
  });
  it('are short between the coordinators of one round, and grow from round to round', () => {
    for (const losses of [0, 1, 3, 4, 300, 301]) assert.ok(reconnectPauseMs(losses, 1, 3) <= 250, String(losses));
    assert.ok(reconnectPauseMs(5, 1, 3) > reconnectPauseMs(2, 1, 3));
    assert.equal(reconnectPauseMs(302, 1, 3), 10_000);
  });
  it('grow to 10 s and no further, and differ from agent to agent', () => {
    fc.assert(
      fc.property(fc.nat(10_000), fc.double({ min: 0, max: 1, noNaN: true }), (losses, random) => {
        const pauseMs = reconnectPauseMs(losses, random);
        assert.ok(pauseMs >= 250 && pauseMs <= 10_000);
      }),
    );
    assert.equal(reconnectPauseMs(1000, 1), 10_000);
    assert.equal(reconnectPauseMs(1000, 0), 5000);
  });
});
