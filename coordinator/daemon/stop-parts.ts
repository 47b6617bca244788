// Stops the parts of a process in reverse order. One that waits for what does not answer (a bus half-open) is left behind
// in the end: the process must not live on over it, since only its end lets it be started again.
import type { Clock } from '../../shared/clock.ts';
import type { Log } from '../../shared/log.ts';
import { seconds } from '../../shared/units.ts';

export interface Part {
  name: string;
  stop(): unknown;
}

/** Of all parts together; with what each has in any case, it stays below TimeoutStopSec of the unit. */
const allWithinMs = seconds(10);
const eachAtLeastMs = seconds(1);

/** Resolves when every part was stopped or given up; never throws. `parts` in the order in which they were started. */
export async function stopParts(parts: Part[], clock: Clock, log: Log): Promise<void> {
  const deadlineMs = clock.monotonicMs() + allWithinMs;
  for (const part of parts.toReversed()) {
    const isOver = new AbortController();
    const within = Math.max(eachAtLeastMs, deadlineMs - clock.monotonicMs());
    const givenUp = clock.sleep(within, isOver.signal).then(() => 'given up' as const);
    try {
      if ((await Promise.race([stopped(part), givenUp])) === 'given up')
        log.warn('a part did not stop in time and is left', { part: part.name });
    } catch (error) {
      log.warn('a part did not stop cleanly', { part: part.name, reason: (error as Error).message });
    } finally {
      isOver.abort();
    }
  }
}

async function stopped(part: Part): Promise<void> {
  await part.stop();
}
