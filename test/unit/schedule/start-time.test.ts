// What people may type as the time of a run, and which moment that is.
import assert from 'node:assert/strict';
import { parseStartTime } from '../../../coordinator/schedule/start-time.ts';

describe('the time of a scheduled run', () => {
  const now = Date.parse('2026-11-27T12:00:00Z');
  const parsed = (text: string, timezone: string | undefined = 'Asia/Kolkata') => {
    const result = parseStartTime(text, timezone, now);
    return result.ok ? new Date(result.value).toISOString() : result.failure.message;
  };
  it('without a date is the next one in the window’s time zone', () => {
    assert.equal(parsed('02:00'), '2026-11-27T20:30:00.000Z');
    assert.equal(parsed('17:29'), '2026-11-28T11:59:00.000Z');
  });
  it('with a date is in that time zone too, or where its offset says', () => {
    assert.equal(parsed('2026-11-29T02:00'), '2026-11-28T20:30:00.000Z');
    assert.equal(parsed('2026-11-29T02:00:00Z', ''), '2026-11-29T02:00:00.000Z');
    assert.equal(parsed('2026-11-29T02:00-05:00'), '2026-11-29T07:00:00.000Z');
  });
  it('needs an offset where the cluster has no window', () => {
    const result = parseStartTime('02:00', undefined, now);
    assert.match(result.ok ? '' : result.failure.message, /add the offset/);
  });
  for (const [text, says] of [
    ['tonight', /give a time such as/],
    ['02:00+05:30', /give a time such as/],
    ['25:00', /no such time/],
    ['2026-02-30T02:00Z', /no such time/],
    ['2026-11-27T11:59:00Z', /is past/],
    ['2027-11-27T11:59:00Z', /60 days/],
  ] as const)
    it(`is not ${text}`, () => assert.match(parsed(text), says));
});
