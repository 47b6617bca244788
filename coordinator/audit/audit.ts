// Who did or was refused what: an append-only, hash-chained stream beside the log. No token, key or password is ever in it.
// Kept for a year and within a size; then the oldest go. A failing bus never stops the act that is recorded; the log line is there in any case.
import type { Clock } from '../../shared/clock.ts';
import { ok, type Result } from '../../shared/failures.ts';
import type { Log } from '../../shared/log.ts';
import type { Bus } from '../bus/bus.ts';
import { ensureStream } from '../journal/streams.ts';
import { createAuditChain } from './append.ts';
import { type AuditEvent, auditBytesMax, auditKeptMs, auditStream, auditSubject } from './event.ts';
import { createLineLimit } from './line-limit.ts';

export interface Audit {
  /** Writes the log line at once and the event soon. */
  record(event: Omit<AuditEvent, 'atMs'>): void;
  /** Resolves when everything recorded so far has been written or given up. */
  flush(): Promise<void>;
}

/** Refusals come from anybody who reaches the port: more than this in a minute from one are counted, not written. */
export const refusalsPerMinuteMax = 30;
/** And more than this from all strangers together; who has shown a certificate of ours is not among them. */
const strangersPerMinuteMax = 300;
const certifiedPerMinuteMax = 3_000;
const detailMax = 1_000;
/** So many wait for a bus that does not answer; what comes then is in the log alone. */
const waitingMax = 10_000;

/** Opens the audit stream on a bus. `serialOf`: of the certificate that an operator has now. */
export async function openAudit(
  bus: Bus,
  log: Log,
  clock: Clock,
  serialOf: (operator: string) => string = () => '',
): Promise<Result<Audit>> {
  const limits = { maxAgeMs: auditKeptMs, sizeBytesMax: auditBytesMax };
  const made = await ensureStream(bus, auditStream, [auditSubject], limits);
  if (!made.ok) return made;
  const chain = createAuditChain(bus, clock);
  const limit = (allPerMinuteMax: number) =>
    createLineLimit(clock, { perMinuteMax: refusalsPerMinuteMax, allPerMinuteMax });
  const lines = { strangers: limit(strangersPerMinuteMax), certified: limit(certifiedPerMinuteMax) };
  let written: Promise<unknown> = Promise.resolve();
  let waiting = 0;

  const write = async (event: AuditEvent): Promise<void> => {
    // One after another: each names the one before.
    try {
      const appended = await chain.append(event, waiting === 1);
      if (!appended.ok) log.error('an audit event could not be written', { reason: appended.failure.message });
    } catch (error) {
      // Those after it are written all the same, and the process lives on.
      log.error('a bug kept an audit event from being written', { error: String(error) });
    } finally {
      waiting -= 1;
    }
  };
  return ok({
    record(said) {
      // Calls with any other certificate of the name are refused, so it was this one.
      const serial = said.serial ?? serialOf(/^operator ([a-z0-9-]+)$/.exec(said.who)?.[1] ?? '');
      const event = { ...said, serial, detail: oneLine(said.detail), atMs: clock.nowMs() };
      if (event.outcome === 'refused') {
        const of = /^(node|operator) /.test(event.who) ? lines.certified : lines.strangers;
        const { isOver, suppressed } = of(event.who.replace(/:\d+$/, ''));
        if (isOver) return;
        if (suppressed > 0) log.warn('more refusals than are written', { suppressed });
      }
      const level = event.outcome === 'done' ? 'info' : 'warn';
      log.log(level, `${event.what} ${event.outcome}`, { who: event.who, detail: event.detail });
      if (waiting >= waitingMax) return void log.error('an audit event was not written: too many wait for the bus');
      waiting += 1;
      written = written.then(() => write(event));
    },
    async flush() {
      await written;
    },
  });
}

/** Of an event there is one line: what somebody gives as a reason must not look like another event. */
const oneLine = (text: string): string => text.replaceAll(/[\p{Cc}\u2028\u2029]+/gu, ' ').slice(0, detailMax);
