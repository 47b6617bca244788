// Who did or was refused what: an append-only stream beside the log. No token, key or password is ever in it.
// Kept for a year and within a size; then the oldest go. A failing bus never stops the act that is recorded; the log line is there in any case.
import type { Clock } from '../../shared/clock.ts';
import { ok, type Result } from '../../shared/failures.ts';
import { canonicalJson } from '../../shared/hash.ts';
import type { Log } from '../../shared/log.ts';
import { hours } from '../../shared/units.ts';
import type { Bus } from '../bus/bus.ts';
import { busFailure } from '../bus/failure.ts';
import { ensureStream } from '../journal/streams.ts';
import { createLineLimit } from './line-limit.ts';

export interface AuditEvent {
  atMs: number;
  /** operator alice, node n1, or an address. */
  who: string;
  /** Of the certificate that was shown. */
  serial?: string;
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
const keptMs = hours(365 * 24);
const sizeBytesMax = 256 * 1024 * 1024;
/** Refusals come from anybody who reaches the port: more than this in a minute from one are counted, not written. */
export const refusalsPerMinuteMax = 30;
/** And more than this from all strangers together; who has shown a certificate of ours is not among them. */
const strangersPerMinuteMax = 300;
const certifiedPerMinuteMax = 3_000;
const detailMax = 1_000;

/** Opens the audit stream on a bus. */
export async function openAudit(
  bus: Bus,
  log: Log,
  clock: Clock,
  serialOf: (operator: string) => string = () => '',
): Promise<Result<Audit>> {
  const made = await ensureStream(bus, stream, [subject], { maxAgeMs: keptMs, sizeBytesMax });
  if (!made.ok) return made;
  const limit = (allPerMinuteMax: number) =>
    createLineLimit(clock, { perMinuteMax: refusalsPerMinuteMax, allPerMinuteMax });
  const limits = { strangers: limit(strangersPerMinuteMax), certified: limit(certifiedPerMinuteMax) };
  let written: Promise<unknown> = Promise.resolve();

  const write = async (event: AuditEvent): Promise<void> => {
    try {
      await bus.js.publish(subject, canonicalJson(event));
    } catch (error) {
      log.error('an audit event could not be written', { reason: busFailure(error, 'stream AUDIT').message });
    }
  };
  return ok({
    record(said) {
      // Calls with any other certificate of the name are refused, so it was this one.
      const serial = said.serial ?? serialOf(/^operator ([a-z0-9-]+)$/.exec(said.who)?.[1] ?? '');
      const event = { ...said, serial, detail: said.detail.slice(0, detailMax) };
      if (event.outcome === 'refused') {
        const of = /^(node|operator) /.test(event.who) ? limits.certified : limits.strangers;
        const { isOver, suppressed } = of(event.who.replace(/:\d+$/, ''));
        if (isOver) return;
        if (suppressed > 0) log.warn('more refusals than are written', { suppressed });
      }
      const level = event.outcome === 'done' ? 'info' : 'warn';
      log.log(level, `${event.what} ${event.outcome}`, { who: event.who, detail: event.detail });
      written = Promise.all([written, write({ ...event, atMs: clock.nowMs() })]).then(() => undefined);
    },
    async flush() {
      await written;
    },
  });
}

/** The newest audit events, oldest first. No command shows them yet: it is how tests see what was written. */
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
