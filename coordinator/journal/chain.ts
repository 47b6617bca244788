// The bytes of a journal and the proof that they are complete: canonical JSON, each event naming the hash of the one
// before it. Pure: the same verification serves the running coordinator and an exported file far from it.
import { canonicalJson, sha256Hex } from '../../shared/hash.ts';
import type { Head } from '../fleet/fleet.ts';
import type { RunEvent } from './event.ts';

/** Largest event; what is larger is an artefact that the event cites. */
export const eventBytesMax = 256 * 1024;

/** Head of a journal without events. */
export const emptyHead: Head = { sequence: 0, hash: '0'.repeat(64) };

export interface StoredEvent {
  event: RunEvent;
  /** As stored. */
  bytes: string;
  /** SHA-256 of the bytes. */
  hash: string;
}

/** The first event that is not as it was written. */
export interface Damage {
  sequence: number;
  message: string;
}

/** `whole`: the events before the damage, which are as they were written. */
export type Verified =
  | { ok: true; events: StoredEvent[]; head: Head }
  | { ok: false; damage: Damage; whole: StoredEvent[] };

/** The stored form of an event. Throws when it is larger than `eventBytesMax`: its maker must have cut it. */
export function encodeEvent(event: RunEvent): StoredEvent {
  const bytes = canonicalJson(event);
  const size = Buffer.byteLength(bytes);
  if (size > eventBytesMax)
    throw new Error(`event ${event.fact.type} of run ${event.run} has ${size} bytes, more than ${eventBytesMax}`);
  // The fold must see what every later reader will see, so the event is read back from its bytes.
  return { event: JSON.parse(bytes) as RunEvent, bytes, hash: sha256Hex(bytes) };
}

/** The head after these events. */
export function headOf(events: StoredEvent[]): Head {
  const last = events.at(-1);
  return last === undefined ? emptyHead : { sequence: last.event.sequence, hash: last.hash };
}

/**
 * Checks sequence, chain, epochs and form of a whole journal, and that it reaches `knownHeads`: heads that were
 * acknowledged once, wherever they were kept. Finds truncation of the tail only up to the highest of those.
 */
export function verifyChain(run: string, records: string[], knownHeads: Head[] = []): Verified {
  const events: StoredEvent[] = [];
  const ids = new Set<string>();
  const damagedAt = (sequence: number, message: string): Verified => ({
    ok: false,
    damage: { sequence, message },
    whole: events.slice(0, sequence - 1),
  });
  for (const [index, bytes] of records.entries()) {
    const sequence = index + 1;
    const damaged = (message: string): Verified => damagedAt(sequence, message);
    const event = parseEvent(bytes);
    if (event === undefined) return damaged('it is not an event');
    const before = events.at(-1);
    if (event.sequence !== sequence) return damaged(`it says that it is event ${event.sequence}`);
    if (event.previous !== (before?.hash ?? emptyHead.hash))
      return before !== undefined && isVouchedFor(sequence, bytes, records[index + 1], knownHeads)
        ? damagedAt(sequence - 1, 'it was changed: the next event names another hash')
        : damaged(`its previous hash is not the one of event ${sequence - 1}`);
    if (event.run !== run) return damaged(`it belongs to run ${event.run}`);
    if (before !== undefined && event.epoch < before.event.epoch)
      return damaged(`its epoch ${event.epoch} is older than ${before.event.epoch} of the event before`);
    if (ids.has(event.id)) return damaged('its id was used before');
    if (canonicalJson(event) !== bytes) return damaged('its bytes are not canonical');
    ids.add(event.id);
    events.push({ event, bytes, hash: sha256Hex(bytes) });
  }
  for (const known of [...knownHeads].sort((a, b) => a.sequence - b.sequence)) {
    if (known.sequence === 0) continue;
    const found = events[known.sequence - 1];
    if (found === undefined)
      return damagedAt(
        events.length + 1,
        `it is missing: the journal had ${known.sequence} events, now it has ${events.length}`,
      );
    if (found.hash !== known.hash)
      return damagedAt(known.sequence, 'it is not the event that was acknowledged under this number');
  }
  return { ok: true, events, head: headOf(events) };
}

/** Whether an event is as it was written, going by what came after it: then the one before it was changed. */
function isVouchedFor(sequence: number, bytes: string, next: string | undefined, knownHeads: Head[]): boolean {
  const hash = sha256Hex(bytes);
  return (
    (next !== undefined && parseEvent(next)?.previous === hash) ||
    knownHeads.some((known) => known.sequence === sequence && known.hash === hash)
  );
}

function parseEvent(bytes: string): RunEvent | undefined {
  try {
    const value = JSON.parse(bytes) as RunEvent;
    const isEvent =
      value !== null &&
      typeof value === 'object' &&
      value.schema === 1 &&
      typeof value.id === 'string' &&
      typeof value.fact?.type === 'string' &&
      Number.isInteger(value.sequence) &&
      Number.isInteger(value.epoch);
    return isEvent ? value : undefined;
  } catch {
    return undefined;
  }
}
