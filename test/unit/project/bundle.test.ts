// The parts of the bundle's recipe that decide something.
import assert from 'node:assert/strict';
import { isNewerGlibc } from '../../../scripts/bundle.d/glibc.ts';

describe('the glibc that a program asks for', () => {
  it('compares versions as numbers', () => {
    assert.ok(isNewerGlibc('2.34', '2.4'));
    assert.ok(isNewerGlibc('2.35', '2.34'));
    assert.ok(isNewerGlibc('3.0', '2.34'));
    assert.ok(isNewerGlibc('2.3.4', '2.3'));
  });
  it('takes the same or an older one', () => {
    assert.ok(!isNewerGlibc('2.34', '2.34'));
    assert.ok(!isNewerGlibc('2.2.5', '2.34'));
    assert.ok(!isNewerGlibc('0', '2.34'));
  });
});
