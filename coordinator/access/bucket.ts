// How much somebody may use: a store that fills up steadily and is taken from. Pure but for the clock it is given.
import type { Clock } from '../../shared/clock.ts';

export interface Rate {
  perSecond: number;
  /** So much at once, after a pause. */
  burst: number;
}

export interface Bucket {
  /** Takes so much; false when there is not enough, and then nothing is taken. */
  take(amount?: number): boolean;
  /** How long until so much is there. */
  waitMs(amount?: number): number;
}

export function createBucket({ perSecond, burst }: Rate, clock: Pick<Clock, 'monotonicMs'>): Bucket {
  let level = burst;
  let filledAtMs = clock.monotonicMs();
  const fill = () => {
    const nowMs = clock.monotonicMs();
    level = Math.min(burst, level + (Math.max(0, nowMs - filledAtMs) / 1000) * perSecond);
    filledAtMs = nowMs;
  };
  return {
    take(amount = 1) {
      fill();
      if (level < amount) return false;
      level -= amount;
      return true;
    },
    waitMs(amount = 1) {
      fill();
      return Math.max(0, ((amount - level) / perSecond) * 1000);
    },
  };
}

/** One bucket for each name; the names longest unused are forgotten first, so that a flood of names costs no memory. */
export function createBuckets(
  rate: Rate,
  clock: Pick<Clock, 'monotonicMs'>,
  namesMax = 10_000,
): { of(name: string): Bucket } {
  const buckets = new Map<string, Bucket>();
  return {
    of(name) {
      const bucket = buckets.get(name) ?? createBucket(rate, clock);
      buckets.delete(name);
      buckets.set(name, bucket);
      const oldest = buckets.keys().next();
      if (buckets.size > namesMax && !oldest.done) buckets.delete(oldest.value);
      return bucket;
    },
  };
}
