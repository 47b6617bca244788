import assert from 'node:assert/strict';
import fc from 'fast-check';
import { type SampleBatch, summarizeSamples } from '../../../coordinator/meter/summary.ts';

const batch = (monotonicMs: number, results: string, more: Partial<SampleBatch> = {}): SampleBatch => ({
  bootId: 'a',
  monotonicMs,
  atMs: 1_000_000 + monotonicMs,
  everyMs: 100,
  results,
  ...more,
});

describe('the sum of the portal’s samples', () => {
  it('counts from the first failed sample to the next answered one', () => {
    const reading = summarizeSamples([batch(0, 'ooxxxooooo'), batch(1000, 'oxoooooooo')]);
    assert.deepEqual(reading, {
      downMs: 400,
      longestMs: 300,
      unobservedMs: 0,
      samples: 20,
      failures: 4,
      intervals: [
        { fromMs: 200, toMs: 500 },
        { fromMs: 1100, toMs: 1200 },
      ],
    });
  });

  it('goes on over the border of two batches', () => {
    assert.deepEqual(summarizeSamples([batch(0, 'ox'), batch(200, 'xo')]).intervals, [{ fromMs: 100, toMs: 300 }]);
  });

  it('tells a gap between two coordinators as unobserved, neither up nor down', () => {
    const reading = summarizeSamples([batch(0, 'ooxx'), batch(5400, 'xxoo')]);
    assert.equal(reading.unobservedMs, 5000);
    assert.deepEqual(reading.intervals, [
      { fromMs: 200, toMs: 400 },
      { fromMs: 5400, toMs: 5600 },
    ]);
  });

  it('measures a gap over a reboot by the wall clock', () => {
    const reading = summarizeSamples([batch(90_000, 'oooo'), batch(10, 'oo', { bootId: 'b', atMs: 1_150_000 })]);
    assert.equal(reading.unobservedMs, 60_000 - 400);
  });

  it('tells slots that the process slept through as unobserved', () => {
    const reading = summarizeSamples([batch(0, 'ox--xo')]);
    assert.equal(reading.unobservedMs, 200);
    assert.equal(reading.downMs, 200);
  });

  it('is empty without samples', () => {
    assert.equal(summarizeSamples([]).samples, 0);
  });

  it('accounts for every slot once, whatever the answers were', () => {
    fc.assert(
      fc.property(fc.array(fc.stringMatching(/^[ox-]{1,10}$/), { maxLength: 20 }), (all) => {
        let atMs = 0;
        const reading = summarizeSamples(
          all.map((results) => {
            const made = batch(atMs, results);
            atMs += results.length * 100;
            return made;
          }),
        );
        const text = all.join('');
        const count = (letter: string) => text.split(letter).length - 1;
        assert.equal(reading.samples, count('o') + count('x'));
        assert.equal(reading.failures, count('x'));
        assert.equal(reading.unobservedMs, count('-') * 100);
        assert.equal(reading.downMs, count('x') * 100);
      }),
    );
  });
});
