// Whether the bus answers this coordinator at all. Who is cut off from it can pass nothing on, and must not keep agents
// from those that can.
import { type Clock, systemClock } from '../../shared/clock.ts';
import { seconds } from '../../shared/units.ts';
import type { Bus } from './bus.ts';

const lookEveryMs = seconds(1);
export const lostAfterMs = seconds(5);

/** Tells when the bus has not answered for `lostAfterMs`, and when it answers again. Gives how to stop. */
export function watchBus(bus: Bus, listener: { lost(): void; back(): void }, clock: Clock = systemClock): () => void {
  const stopped = new AbortController();
  let answeredAtMs = clock.monotonicMs();
  let lookedAtMs = answeredAtMs;
  let isLost = false;

  const ask = async (): Promise<void> => {
    try {
      await bus.nc.flush();
      answeredAtMs = clock.monotonicMs();
      if (isLost && !stopped.signal.aborted) listener.back();
      isLost = false;
    } catch {
      // The connection is closed, or was cut while it was asked: the next look says more.
    }
  };
  void (async () => {
    while (!stopped.signal.aborted) {
      void ask();
      await clock.sleep(lookEveryMs, stopped.signal);
      // A process that slept has not listened either.
      if (clock.monotonicMs() - lookedAtMs > lostAfterMs) answeredAtMs = clock.monotonicMs();
      lookedAtMs = clock.monotonicMs();
      if (isLost || stopped.signal.aborted || clock.monotonicMs() - answeredAtMs < lostAfterMs) continue;
      isLost = true;
      listener.lost();
    }
  })();
  return () => stopped.abort();
}
