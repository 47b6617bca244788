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
