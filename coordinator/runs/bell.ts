// What wakes a runner that waits: something that was noticed, or a time.
import type { Clock } from '../../shared/clock.ts';

export interface Bell {
  rung: Promise<void>;
  ring(): void;
}

export function wakeUp(): Bell {
  let ring = (): void => undefined;
  const rung = new Promise<void>((resolve) => {
    ring = resolve;
  });
  return { rung, ring };
}

/** Until the time, or until something is noticed. */
export async function sleepUntil(
  clock: Clock,
  untilMs: number | undefined,
  bell: Bell,
  signal: AbortSignal,
): Promise<void> {
  if (untilMs === undefined) return bell.rung;
  const timer = new AbortController();
  // With a reason: without one an error with its stack is made each time.
  const forward = (): void => timer.abort('woken');
  signal.addEventListener('abort', forward, { once: true });
  await Promise.race([bell.rung, clock.sleep(Math.max(0, untilMs - clock.monotonicMs()), timer.signal)]);
  signal.removeEventListener('abort', forward);
  timer.abort('woken');
}
