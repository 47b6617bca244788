// Where samples are kept while a run goes on: a stream of the bus, so that a coordinator that dies loses a second of them
// at most. Kept for 90 days; the journal has the sum for ever.
import { ok, type Result } from '../../shared/failures.ts';
import type { Bus } from '../bus/bus.ts';
import { busFailure } from '../bus/failure.ts';
import { ensureStream, lastSequence, readMessages } from '../journal/streams.ts';
import type { SampleBatch } from './summary.ts';

export interface SampleLog {
  append(batch: SampleBatch): Promise<Result<void>>;
  read(): Promise<Result<SampleBatch[]>>;
}

const keptMs = 90 * 24 * 3_600_000;

/** Opens the samples of one run. */
export async function openSampleLog(bus: Bus, run: string): Promise<Result<SampleLog>> {
  const stream = `METER_${run}`;
  const subject = `baton.meter.${run}`;
  const made = await ensureStream(bus, stream, [subject], { maxAgeMs: keptMs });
  if (!made.ok) return made;
  return ok({
    async append(batch) {
      try {
        await bus.js.publish(subject, JSON.stringify(batch));
        return ok(undefined);
      } catch (error) {
        return { ok: false, failure: busFailure(error, `samples of run ${run}`) };
      }
    },
    async read() {
      const last = await lastSequence(bus, stream);
      if (!last.ok) return last;
      const messages = await readMessages(bus, stream, last.value);
      if (!messages.ok) return messages;
      return ok(messages.value.flatMap((message) => (message === undefined ? [] : [message.json<SampleBatch>()])));
    },
  });
}
