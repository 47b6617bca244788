// What the meter saw, as figures. Pure: samples in, times without service out. A time that nobody looked is neither up
// nor down; it is told by itself.

/** Samples of about a second; one letter for each scheduled time: `o` answered, `x` did not, `-` not sampled. */
export interface SampleBatch {
  /** Of the machine, so that the monotonic clocks of two coordinator processes can be compared. */
  bootId: string;
  /** Monotonic clock of that boot, ms, at the first scheduled time. */
  monotonicMs: number;
  /** Wall clock at the first scheduled time, ms since 1970. */
  atMs: number;
  everyMs: number;
  results: string;
  /** Of each time, how long the answer took, ms; -1 where none came. Older batches have none. */
  latenciesMs?: number[];
}

/** Shape of the journal's PortalMetered, without the place of the samples. */
export interface PortalReading {
  /** From the first failed sample's scheduled time to that of the next answered one, added up. */
  downMs: number;
  longestMs: number;
  unobservedMs: number;
  samples: number;
  failures: number;
  /** Times without service, ms from the first sample's scheduled time. */
  intervals: { fromMs: number; toMs: number }[];
}

interface Slot {
  atMs: number;
  everyMs: number;
  result: string;
  latencyMs?: number;
}

/** Sums up what was sampled; batches in the order in which they were taken. */
export function summarizeSamples(batches: SampleBatch[]): PortalReading {
  const reading: PortalReading = { downMs: 0, longestMs: 0, unobservedMs: 0, samples: 0, failures: 0, intervals: [] };
  let downSinceMs: number | undefined;
  let expectedMs = 0;
  const up = (atMs: number) => {
    if (downSinceMs !== undefined) reading.intervals.push({ fromMs: downSinceMs, toMs: atMs });
    downSinceMs = undefined;
  };
  for (const { atMs, everyMs, result } of slots(batches)) {
    // A gap of more than one turn: whoever sampled was not there.
    if (atMs - expectedMs > everyMs) {
      up(expectedMs);
      reading.unobservedMs += atMs - expectedMs;
    }
    expectedMs = atMs + everyMs;
    if (result === '-') {
      up(atMs);
      reading.unobservedMs += everyMs;
      continue;
    }
    reading.samples += 1;
    if (result === 'x') {
      reading.failures += 1;
      downSinceMs ??= atMs;
    } else {
      up(atMs);
    }
  }
  up(expectedMs);
  for (const { fromMs, toMs } of reading.intervals) {
    reading.downMs += toMs - fromMs;
    reading.longestMs = Math.max(reading.longestMs, toMs - fromMs);
  }
  return reading;
}

function latencyOf({ latenciesMs }: SampleBatch, index: number): { latencyMs?: number } {
  const latencyMs = latenciesMs?.[index];
  return latencyMs === undefined || latencyMs < 0 ? {} : { latencyMs };
}

/** All scheduled times, ms from the first one: by the monotonic clock within a boot, by the wall clock over a reboot. */
export function* slots(batches: SampleBatch[]): Generator<Slot> {
  let previous: SampleBatch | undefined;
  let batchAtMs = 0;
  for (const batch of batches) {
    if (previous !== undefined) {
      const elapsedMs =
        previous.bootId === batch.bootId ? batch.monotonicMs - previous.monotonicMs : batch.atMs - previous.atMs;
      batchAtMs += Math.max(elapsedMs, previous.results.length * previous.everyMs);
    }
    for (const [index, result] of [...batch.results].entries())
      yield { atMs: batchAtMs + index * batch.everyMs, everyMs: batch.everyMs, result, ...latencyOf(batch, index) };
    previous = batch;
  }
}
