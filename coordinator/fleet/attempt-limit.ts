// Counts failed attempts by address, so that nobody can guess at leisure. In memory, bounded.
import type { Clock } from '../../shared/clock.ts';
import { minutes } from '../../shared/units.ts';

const failuresMax = 10;
const windowMs = minutes(1);
const addressesMax = 10_000;

export interface AttemptLimit {
  isOver(from: string): boolean;
  count(from: string): void;
}

/** At most ten failures a minute from an address; the port is left aside. */
export function attemptLimit(clock: Clock): AttemptLimit {
  const failures = new Map<string, { count: number; sinceMs: number }>();
  const addressOf = (from: string) => from.replace(/:\d+$/, '');
  const current = (from: string) => {
    const entry = failures.get(addressOf(from));
    return entry !== undefined && clock.monotonicMs() - entry.sinceMs < windowMs ? entry : undefined;
  };
  return {
    isOver: (from) => (current(from)?.count ?? 0) >= failuresMax,
    count(from) {
      const entry = current(from) ?? { count: 0, sinceMs: clock.monotonicMs() };
      entry.count += 1;
      if (failures.size >= addressesMax) failures.clear();
      failures.set(addressOf(from), entry);
    },
  };
}
