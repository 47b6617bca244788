import assert from 'node:assert/strict';
import { defaultLimits } from '../../../coordinator/sequencer/limits.ts';
import { standingOf } from '../../../coordinator/sequencer/requirement.ts';
import { nothingSeen, notice, type Seen } from '../../../coordinator/sequencer/seen.ts';
import { initialState } from '../../../coordinator/sequencer/state.ts';
import { lacksMark, samplePlan } from './sample-plan.ts';

const requirement = { item: 'quiet', of: 'gate' as const, checks: [lacksMark('busy')], base: 0, everyMs: 1_000 };

describe('a condition that must be steady', () => {
  const state = initialState('r');
  const standing = (seen: Seen, nowMs: number, withinMs = 60_000) =>
    standingOf(
      { plan: samplePlan, state, seen, nowMs, limits: defaultLimits },
      { ...requirement, withinMs, steadyForMs: 2_500 },
    );
  const read = (seen: Seen, passed: boolean, atMs: number) =>
    notice(seen, { type: 'read', item: 'quiet', of: 'gate', base: 0, passed, results: [], atMs });
  const waitUntil = (untilMs: number) => ({ is: 'open', next: { kind: 'wait', untilMs } });

  it('is looked at again until every reading has passed for that long', () => {
    const first = read(nothingSeen, true, 0);
    assert.deepEqual(standing(first, 0), waitUntil(1_000));
    const later = read(first, true, 2_000);
    assert.deepEqual(standing(later, 2_000), waitUntil(2_500));
    const last = standing(read(later, true, 2_500), 2_500);
    assert.ok(last.is === 'open' && last.next.kind === 'append' && last.next.fact.type === 'ChecksRead');
    assert.ok(last.next.fact.passed);
  });

  it('is counted anew after a reading that does not pass', () => {
    const again = read(read(read(nothingSeen, true, 0), false, 2_000), true, 3_000);
    assert.deepEqual(standing(again, 3_000), waitUntil(4_000));
    assert.deepEqual(standing(read(again, true, 5_000), 5_000), waitUntil(5_500));
  });

  it('fails once its time is over and the last reading does not pass', () => {
    const last = standing(read(read(nothingSeen, true, 0), false, 2_000), 2_000, 2_000);
    assert.ok(last.is === 'open' && last.next.kind === 'append' && last.next.fact.type === 'ChecksRead');
    assert.equal(last.next.fact.passed, false);
  });
});
