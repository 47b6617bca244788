// Notices that two agents use the certificate of one node: a stream that is alive is replaced by another one, again and
// again. An agent that was cut off or started anew replaces a dead one, which counts for nothing.
import type { Clock } from '../../shared/clock.ts';
import { minutes } from '../../shared/units.ts';

/** Agents say something every second: heard so lately, a stream was in use. */
const aliveMs = 3_000;
const withinMs = minutes(10);
const replacedMin = 3;
const addressesMax = 4;

export interface Contests {
  /** A welcomed stream of the node was replaced. The addresses that fight for it, when that is to be told. */
  replaced(node: string, from: string, heardAtMs: number): string[] | undefined;
}

export function createContests(clock: Pick<Clock, 'monotonicMs'>): Contests {
  const seen = new Map<string, { sinceMs: number; count: number; from: Set<string> }>();
  return {
    replaced(node, from, heardAtMs) {
      const nowMs = clock.monotonicMs();
      if (nowMs - heardAtMs > aliveMs) return undefined;
      const known = seen.get(node);
      const contest =
        known !== undefined && nowMs - known.sinceMs < withinMs
          ? known
          : { sinceMs: nowMs, count: 0, from: new Set<string>() };
      seen.set(node, contest);
      contest.count += 1;
      if (contest.from.size < addressesMax) contest.from.add(from.replace(/:\d+$/, ''));
      // Once for each ten minutes of it.
      return contest.count === replacedMin ? [...contest.from] : undefined;
    },
  };
}
