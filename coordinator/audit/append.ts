// Appends to the audit's chain: each event names its number and the hash of the one before, by compare-and-set, so that two
// coordinators make one chain. Whatever the stream looks like, it goes on from its end: an audit must never stop.
import type { Clock } from '../../shared/clock.ts';
import { type Failure, ok, type Result } from '../../shared/failures.ts';
import { sha256Hex } from '../../shared/hash.ts';
import { hours } from '../../shared/units.ts';
import type { Bus } from '../bus/bus.ts';
import { busFailure, isConflict } from '../bus/failure.ts';
import type { Head } from '../fleet/fleet.ts';
import { emptyHead } from '../journal/chain.ts';
import { headOfEntry, openHeads } from '../journal/heads.ts';
import { lastSequence, readMessage } from '../journal/streams.ts';
import { encodeAuditEvent, type Oldest, parseAuditEvent } from './chain.ts';
import { type AuditEvent, auditStream, auditSubject } from './event.ts';

/** Against another coordinator that writes at the same time, and against a bus that does not answer. */
const conflictsMax = 50;
const attemptsMax = 3;
/** How often the oldest event is looked up, which the others name so that nobody takes some away from that end. */
const oldestEveryMs = hours(1);

export interface AuditChain {
  /** Writes the event; its head is kept too when it is the last one for now. */
  append(event: AuditEvent, isLast: boolean): Promise<Result<void>>;
}

export function createAuditChain(bus: Bus, clock: Pick<Clock, 'monotonicMs'>): AuditChain {
  const heads = openHeads(bus);
  let tail: Head | undefined;
  let oldest: { value: Oldest | undefined; atMs: number } | undefined;

  const readTail = async (): Promise<Result<Head>> => {
    const last = await lastSequence(bus, auditStream);
    if (!last.ok) return last;
    if (last.value === 0) return ok(emptyHead);
    const message = await readMessage(bus, auditStream, { seq: last.value });
    if (!message.ok) return message;
    // One that is gone leaves a gap that a verification names.
    if (message.value === undefined) return ok({ sequence: last.value, hash: emptyHead.hash });
    return ok(headOfEntry(last.value, message.value.string()));
  };

  const readOldest = async (): Promise<Oldest | undefined> => {
    if (oldest !== undefined && clock.monotonicMs() - oldest.atMs < oldestEveryMs) return oldest.value;
    try {
      const { first_seq } = (await bus.jsm.streams.info(auditStream)).state;
      const first = await readMessage(bus, auditStream, { seq: Math.max(1, first_seq) });
      const event = first.ok && first.value !== undefined ? parseAuditEvent(first.value.string()) : undefined;
      const value = event === undefined ? undefined : { sequence: Math.max(1, first_seq), atMs: event.atMs };
      oldest = { value, atMs: clock.monotonicMs() };
      return value;
    } catch {
      // Named by the next one.
      return undefined;
    }
  };

  /** Whether what was sent has arrived although nobody said so. */
  const hasArrived = async (sequence: number, bytes: string): Promise<boolean> => {
    const found = await readMessage(bus, auditStream, { seq: sequence });
    return found.ok && found.value?.string() === bytes;
  };

  return {
    async append(event, isLast) {
      let problem: Failure | undefined;
      let attempts = 0;
      for (let conflicts = 0; conflicts < conflictsMax && attempts < attemptsMax; ) {
        const before: Result<Head> = tail === undefined ? await readTail() : ok(tail);
        if (!before.ok) {
          problem = before.failure;
          attempts += 1;
          continue;
        }
        const sequence = before.value.sequence + 1;
        const first = await readOldest();
        const link = { sequence, previous: before.value.hash, ...(first && { oldest: first }) };
        const bytes = encodeAuditEvent({ ...event, ...link, schema: 1 });
        try {
          const expect = { streamName: auditStream, lastSequence: before.value.sequence };
          await bus.js.publish(auditSubject, bytes, { expect });
        } catch (error) {
          tail = undefined;
          problem = busFailure(error, 'stream AUDIT');
          if (isConflict(error)) conflicts += 1;
          else attempts += 1;
          if (!isConflict(error) && !problem.retryable) break;
          if (!(await hasArrived(sequence, bytes))) continue;
        }
        tail = { sequence, hash: sha256Hex(bytes) };
        return isLast ? await heads.keep(auditStream, tail) : ok(undefined);
      }
      return { ok: false, failure: problem as Failure };
    },
  };
}
