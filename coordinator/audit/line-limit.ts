// Keeps who can cause lines of a log from filling it: so many a minute from one, and so many from all together; what is
// over is counted.
import type { Clock } from '../../shared/clock.ts';
import type { Log } from '../../shared/log.ts';

/** `suppressed`: how many were left out the minute before, told once. */
export type LineLimit = (who: string) => { isOver: boolean; suppressed: number };

/** So many are told apart; the others share what is left for one. */
const toldApartMax = 1_000;

export function createLineLimit(
  clock: Pick<Clock, 'monotonicMs'>,
  limits: { perMinuteMax: number; allPerMinuteMax: number },
): LineLimit {
  let windowFromMs = clock.monotonicMs();
  let all = 0;
  let left = 0;
  const counts = new Map<string, number>();
  return (who) => {
    let suppressed = 0;
    if (clock.monotonicMs() - windowFromMs >= 60_000) {
      suppressed = left;
      windowFromMs = clock.monotonicMs();
      all = 0;
      left = 0;
      counts.clear();
    }
    const name = counts.has(who) || counts.size < toldApartMax ? who : 'others';
    const count = (counts.get(name) ?? 0) + 1;
    counts.set(name, count);
    const isOver = count > limits.perMinuteMax || all >= limits.allPerMinuteMax;
    if (isOver) left += 1;
    else all += 1;
    return { isOver, suppressed };
  };
}

/** Writes lines about those who could cause them without end. */
export function limitedLines<About extends object>(
  log: Log,
  clock: Pick<Clock, 'monotonicMs'>,
  whoOf: (about: About) => string,
): (level: 'info' | 'warn', message: string, about: About & Record<string, unknown>) => void {
  const limit = createLineLimit(clock, { perMinuteMax: 20, allPerMinuteMax: 1_000 });
  return (level, message, about) => {
    const { isOver, suppressed } = limit(whoOf(about));
    if (suppressed > 0) log.warn('more happened than was written', { suppressed });
    if (!isOver) log.log(level, message, about);
  };
}
