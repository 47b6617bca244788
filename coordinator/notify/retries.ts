// When a notice that could not be delivered is tried again, and when it is given up. Pure.
import { hours, minutes, seconds } from '../../shared/units.ts';

const firstPauseMs = seconds(10);
const longestPauseMs = minutes(15);
/** Later nobody wants to be told any more. */
export const giveUpAfterMs = hours(12);

/** The time of the next try, after so many that have failed; undefined when there is none. */
export function nextTryMs(tries: number, toldAtMs: number, nowMs: number): number | undefined {
  const pauseMs = Math.min(longestPauseMs, firstPauseMs * 2 ** Math.min(20, tries - 1));
  return nowMs + pauseMs - toldAtMs > giveUpAfterMs ? undefined : nowMs + pauseMs;
}

/** Whether it is to be tried now; a clock that was set back must not silence it. */
export const isDue = (nextAtMs: number, nowMs: number): boolean =>
  nextAtMs <= nowMs || nextAtMs > nowMs + longestPauseMs + minutes(1);
