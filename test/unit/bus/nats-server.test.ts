import assert from 'node:assert/strict';
import { isNewEnough } from '../../../coordinator/bus/nats-server.ts';

describe('version of nats-server', () => {
  it('accepts 2.10 and what is newer', () => {
    for (const text of ['nats-server: v2.10.27', 'nats-server: v2.11.0-RC.1', 'nats-server: v3.0.0'])
      assert.equal(isNewEnough(text), true, text);
  });
  it('refuses what is older and what says no version', () => {
    for (const text of ['nats-server: v2.9.10', 'nats-server: v1.20.3', 'nats-server: dev', ''])
      assert.equal(isNewEnough(text), false, text);
  });
});
