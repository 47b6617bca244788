import assert from 'node:assert/strict';
import { curveOf } from '../../../coordinator/meter/curve.ts';
import type { SampleBatch } from '../../../coordinator/meter/summary.ts';

const batch = (monotonicMs: number, results: string, latenciesMs?: number[]): SampleBatch => ({
  ...{ bootId: 'a', monotonicMs, atMs: 1_000_000 + monotonicMs, everyMs: 100, results },
  ...(latenciesMs && { latenciesMs }),
});

describe('the curve of the portal’s samples', () => {
  it('has median and slowest of those that answered, and the failures, of each second', () => {
    const curve = curveOf([
      batch(0, 'oooooooooo', [1, 9, 2, 8, 3, 7, 4, 6, 5, 100]),
      batch(1000, 'xxoxx-oooo', [-1, -1, 40, -1, -1, -1, 10, 20, 30, 50]),
    ]);
    assert.deepEqual(curve, {
      spanMs: 1000,
      spans: [
        { fromMs: 0, samples: 10, failures: 0, medianMs: 5, slowestMs: 100 },
        { fromMs: 1000, samples: 9, failures: 4, medianMs: 30, slowestMs: 50 },
      ],
    });
  });

  it('has no times of samples that were taken before times were kept', () => {
    assert.deepEqual(curveOf([batch(0, 'ox')]), { spanMs: 1000, spans: [{ fromMs: 0, samples: 2, failures: 1 }] });
  });

  it('leaves out what nobody looked at, and is none of nothing', () => {
    assert.deepEqual(
      curveOf([batch(0, '----------'), batch(1000, 'o', [3])])?.spans.map(({ fromMs }) => fromMs),
      [1000],
    );
    assert.equal(curveOf([]), undefined);
  });

  it('stays drawable, however long the run was', () => {
    const hours = Array.from({ length: 6 * 360 }, (_, index) =>
      batch(index * 10_000, 'o'.repeat(100), Array<number>(100).fill(7)),
    );
    const curve = curveOf(hours);
    assert.ok(curve !== undefined && curve.spans.length <= 240, String(curve?.spans.length));
    assert.equal(
      curve.spans.reduce((sum, { samples }) => sum + samples, 0),
      6 * 36_000,
    );
  });
});
