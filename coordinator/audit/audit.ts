// Who did or was refused what: an append-only stream beside the log. No token, key or password is ever in it.
// A failing bus never stops the act that is recorded; the log line is there in any case.
import type { Clock } from '../../shared/clock.ts';
import { ok, type Result } from '../../shared/failures.ts';
import { canonicalJson } from '../../shared/hash.ts';
import type { Log } from '../../shared/log.ts';
import type { Bus } from '../bus/bus.ts';
import { busFailure } from '../bus/failure.ts';
import { ensureStream } from '../journal/streams.ts';

export interface AuditEvent {
  atMs: number;
  /** operator alice, node n1, or an address. */
  who: string;
  /** Such as `Enrolment.Join` or `revoke node`. */
  what: string;
  detail: string;
  outcome: 'done' | 'refused' | 'failed';
}

export interface Audit {
  /** Writes the log line at once and the event soon. */
  record(event: Omit<AuditEvent, 'atMs'>): void;
  /** Resolves when everything recorded so far has been written or given up. */
  flush(): Promise<void>;
}

const stream = 'AUDIT';
const subject = 'baton.audit';
/** Refusals come from anybody who reaches the port: more than this in a minute are counted, not written. */
export const refusalsPerMinuteMax = 120;

/** Opens the audit stream on a bus. */
export async function openAudit(bus: Bus, log: Log, clock: Clock): Promise<Result<Audit>> {
  const made = await ensureStream(bus, stream, [subject]);
  if (!made.ok) return made;
  const limit = refusalLimit(clock);
  let written: Promise<unknown> = Promise.resolve();

  const write = async (event: AuditEvent): Promise<void> => {
    try {
      await bus.js.publish(subject, canonicalJson(event));
    } catch (error) {
      log.error('an audit event could not be written', { reason: busFailure(error, 'stream AUDIT').message });
    }
  };
  return ok({
    record(event) {
      if (event.outcome === 'refused') {
        const { isOver, suppressed } = limit();
        if (isOver) return;
        if (suppressed > 0) log.warn('more refusals than are written', { suppressed });
      }
      const level = event.outcome === 'done' ? 'info' : 'warn';
      log.log(level, `${event.what} ${event.outcome}`, { who: event.who, detail: event.detail });
      written = Promise.all([written, write({ ...event, atMs: clock.nowMs() })]);
    },
    async flush() {
      await written;
    },
  });
}

/** Counts refusals a minute. `suppressed`: how many were left out in the minute before. */
function refusalLimit(clock: Clock): () => { isOver: boolean; suppressed: number } {
  let windowFromMs = clock.monotonicMs();
  let count = 0;
  return () => {
    let suppressed = 0;
    if (clock.monotonicMs() - windowFromMs >= 60_000) {
      suppressed = Math.max(0, count - refusalsPerMinuteMax);
      windowFromMs = clock.monotonicMs();
      count = 0;
    }
    count += 1;
    return { isOver: count > refusalsPerMinuteMax, suppressed };
  };
}

/** The newest audit events, oldest first. */
export async function readAudit(bus: Bus, countMax: number): Promise<Result<AuditEvent[]>> {
  try {
    const { last_seq, first_seq } = (await bus.jsm.streams.info(stream)).state;
    const events: AuditEvent[] = [];
    for (let seq = Math.max(first_seq, last_seq - countMax + 1, 1); seq <= last_seq; seq += 1) {
      const message = await bus.jsm.streams.getMessage(stream, { seq });
      if (message) events.push(message.json<AuditEvent>());
    }
    return ok(events);
  } catch (error) {
    return { ok: false, failure: busFailure(error, 'stream AUDIT') };
  }
}
