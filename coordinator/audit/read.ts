// Reads the audit: events of some time or by somebody, and the proof that all of them are as they were written.
import { ok, type Result } from '../../shared/failures.ts';
import { sha256Hex } from '../../shared/hash.ts';
import { hours } from '../../shared/units.ts';
import type { Bus } from '../bus/bus.ts';
import { busFailure } from '../bus/failure.ts';
import type { Head } from '../fleet/fleet.ts';
import { openHeads } from '../journal/heads.ts';
import { readMessage } from '../journal/streams.ts';
import { type AuditVerdict, createAuditVerifier, parseAuditEvent } from './chain.ts';
import { type AuditEvent, auditBytesMax, auditKeptMs, auditStream } from './event.ts';

export interface ReadAuditEvent extends AuditEvent {
  sequence: number;
  /** SHA-256 of the event as it is stored. */
  hash: string;
}

export interface AuditQuery {
  sinceMs?: number;
  /** An operator's or node's name, or an address. */
  who?: string;
  /** The newest so many. */
  countMax: number;
}

const batch = 128;
/** Coordinators' clocks may differ, so events are not quite in the order of their times. */
const clocksMs = hours(1);

interface Extent {
  first: number;
  last: number;
  bytes: number;
}

async function extentOf(bus: Bus): Promise<Result<Extent>> {
  try {
    const { first_seq, last_seq, bytes } = (await bus.jsm.streams.info(auditStream)).state;
    return ok({ first: Math.max(1, first_seq), last: last_seq, bytes });
  } catch (error) {
    return { ok: false, failure: busFailure(error, 'stream AUDIT') };
  }
}

/** What is stored from one number to another, `undefined` where nothing is. */
async function readBytes(bus: Bus, from: number, to: number): Promise<Result<(string | undefined)[]>> {
  const sequences = Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index);
  const read = await Promise.all(sequences.map((seq) => readMessage(bus, auditStream, { seq })));
  const found: (string | undefined)[] = [];
  for (const message of read) {
    if (!message.ok) return message;
    found.push(message.value?.string());
  }
  return ok(found);
}

/** The newest events that are asked for, oldest first. */
export async function readAudit(bus: Bus, query: AuditQuery): Promise<Result<ReadAuditEvent[]>> {
  const { sinceMs = 0, who, countMax } = query;
  const extent = await extentOf(bus);
  if (!extent.ok) return extent;
  const { first, last } = extent.value;
  const newestFirst: ReadAuditEvent[] = [];
  for (let to = last; to >= first && newestFirst.length < countMax; to -= batch) {
    const from = Math.max(first, to - batch + 1);
    const read = await readBytes(bus, from, to);
    if (!read.ok) return read;
    const events = read.value.flatMap((bytes, index) => {
      const event = bytes === undefined ? undefined : parseAuditEvent(bytes);
      return event ? [{ ...event, sequence: from + index, hash: sha256Hex(bytes ?? '') }] : [];
    });
    newestFirst.push(...events.filter((event) => event.atMs >= sinceMs && isBy(event, who)).reverse());
    if (events.length > 0 && events.every(({ atMs }) => atMs < sinceMs - clocksMs)) break;
  }
  return ok(newestFirst.slice(0, countMax).reverse());
}

/** `operator alice at 10.0.0.1:7` is by alice and by 10.0.0.1. */
function isBy({ who }: AuditEvent, name: string | undefined): boolean {
  if (name === undefined || name === '' || who === name) return true;
  const [, plain = who, at = ''] = /^(?:operator |node )?(.*?)(?: at (.*))?$/.exec(who) ?? [];
  return [plain, at, plain.replace(/:\d+$/, ''), at.replace(/:\d+$/, '')].includes(name);
}

/** Looks at every event. `noted`: a head that somebody has noted elsewhere. */
export async function verifyAudit(bus: Bus, nowMs: number, noted: Head | undefined): Promise<Result<AuditVerdict>> {
  // Before the events, so that it is never newer than they are.
  const kept = await openHeads(bus).kept(auditStream);
  if (!kept.ok) return kept;
  const extent = await extentOf(bus);
  if (!extent.ok) return extent;
  const { first, last, bytes } = extent.value;
  const known = [kept.value, noted].filter((head) => head !== undefined);
  // A full stream lets the oldest go before their time.
  const isFull = bytes > auditBytesMax * 0.9;
  const verifier = createAuditVerifier(known, (atMs) => isFull || nowMs - atMs >= auditKeptMs - clocksMs);
  for (let from = first; from <= last; from += batch) {
    const read = await readBytes(bus, from, Math.min(last, from + batch - 1));
    if (!read.ok) return read;
    for (const [index, one] of read.value.entries()) verifier.see(from + index, one);
  }
  return ok(verifier.end(last));
}
