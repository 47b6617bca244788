// Counts what happens too often to be logged each time, and says once a minute how often it did: nobody who reaches the
// port fills the log.
import type { Log } from '../../shared/log.ts';
import { minutes } from '../../shared/units.ts';

export interface Tally {
  count(what: string): void;
  stop(): void;
}

/** `message` begins the line; the reasons follow with their counts. Reasons are a closed set. */
export function createTally(log: Log, message: string, everyMs = minutes(1)): Tally {
  const counts = new Map<string, number>();
  const tell = () => {
    if (counts.size > 0) log.warn(message, Object.fromEntries(counts));
    counts.clear();
  };
  const timer = setInterval(tell, everyMs);
  timer.unref();
  return {
    count: (what) => void counts.set(what, (counts.get(what) ?? 0) + 1),
    stop() {
      clearInterval(timer);
      tell();
    },
  };
}
