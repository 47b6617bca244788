import assert from 'node:assert/strict';
import { createAllowances } from '../../../coordinator/access/allowance.ts';

describe('what a connection may use', () => {
  it('is for a stranger what joining takes: some kilobytes and few calls', () => {
    const { of } = createAllowances({ monotonicMs: () => 0 });
    const stranger = of('no certificate');
    assert.ok(stranger.sent(8_000), 'twice of what joining takes');
    assert.ok(stranger.sent(16_000));
    assert.equal(stranger.sent(20_000), false, 'more would be read in one breath');
    assert.ok(of('no certificate').sent(16_000), 'each connection has its own');
    for (let count = 0; count < 8; count += 1) assert.ok(stranger.call());
    assert.equal(stranger.call(), false);
  });
});
