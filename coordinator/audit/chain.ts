// The proof that the audit is as it was written: canonical JSON, each event naming its number and the hash of the one before.
// Pure, an event at a time, so that a year of them needs no memory. The oldest go by age; what goes otherwise is found.
import { canonicalJson, sha256Hex } from '../../shared/hash.ts';
import type { Head } from '../fleet/fleet.ts';
import { emptyHead } from '../journal/chain.ts';
import type { AuditEvent } from './event.ts';

/** The first event that there was when another one was written, and when it happened. */
export interface Oldest {
  sequence: number;
  atMs: number;
}

export interface ChainedEvent extends AuditEvent {
  schema: 1;
  sequence: number;
  /** Hash of the event before; of 64 zeros where that could not be read. */
  previous: string;
  oldest?: Oldest;
}

export const encodeAuditEvent = (event: ChainedEvent): string => canonicalJson(event);

/** Any event, also one that an earlier version has written without a chain. */
export function parseAuditEvent(bytes: string): (AuditEvent & Partial<ChainedEvent>) | undefined {
  try {
    const value = JSON.parse(bytes) as AuditEvent;
    return typeof value.atMs === 'number' && typeof value.who === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}

export interface Finding {
  sequence: number;
  message: string;
}

export interface AuditVerdict {
  events: number;
  first: number;
  head: Head;
  chainedFrom: number;
  findings: Finding[];
}

export interface AuditVerifier {
  /** Each number from the first to the last, in order; `undefined` where nothing is there. */
  see(sequence: number, bytes: string | undefined): void;
  /** `lastSequence`: of the stream, also where nothing is left in it. */
  end(lastSequence: number): AuditVerdict;
}

/** More than these are counted, not told. */
const findingsMax = 100;

/**
 * `known`: heads that were acknowledged once, wherever they were kept. `mayHaveGone`: whether an event of that time may have
 * gone by itself.
 */
export function createAuditVerifier(known: Head[], mayHaveGone: (atMs: number) => boolean): AuditVerifier {
  const findings: Finding[] = [];
  let told = 0;
  const find = (sequence: number, message: string) => {
    told += 1;
    if (told <= findingsMax) findings.push({ sequence, message });
  };
  const hashesOfKnown = new Map<number, string>();
  let events = 0;
  let first = 0;
  let last = 0;
  let chainedFrom = 0;
  let newestOldest: Oldest | undefined;
  /** Of the number before; undefined where nothing was there. */
  let before: string | undefined;
  let missingFrom = 0;
  /** The event whose `previous` is not the hash of the one before it: the one after tells which of the two was changed. */
  let doubt: { sequence: number; hash: string } | undefined;

  const endGap = (to: number) => {
    if (missingFrom === 0) return;
    const which = missingFrom === to ? `event ${to} is missing` : `events ${missingFrom} to ${to} are missing`;
    find(missingFrom, which);
    missingFrom = 0;
  };
  const settleDoubt = (isVouchedFor: boolean) => {
    if (doubt === undefined) return;
    if (isVouchedFor) find(doubt.sequence - 1, 'it was changed: the next event names another hash');
    else find(doubt.sequence, 'its previous hash is not the one of the event before');
    doubt = undefined;
  };

  const seeEvent = (sequence: number, bytes: string, hash: string) => {
    const event = parseAuditEvent(bytes);
    if (event === undefined) return find(sequence, 'it is not an event');
    if (event.schema === undefined) {
      if (chainedFrom !== 0) find(sequence, 'it is not chained, as those before it are');
      return;
    }
    if (chainedFrom === 0) chainedFrom = sequence;
    if (event.sequence !== sequence) find(sequence, `it says that it is event ${event.sequence}`);
    if (canonicalJson(event) !== bytes) find(sequence, 'its bytes are not canonical');
    if (doubt?.sequence === sequence - 1) settleDoubt(event.previous === doubt.hash);
    // One of another number names another event before it: it is told already, and vouches for nothing.
    if (before !== undefined && event.previous !== before && event.sequence === sequence) doubt = { sequence, hash };
    if (event.oldest) newestOldest = event.oldest;
  };

  return {
    see(sequence, bytes) {
      last = sequence;
      if (bytes === undefined) {
        settleDoubt(false);
        if (missingFrom === 0) missingFrom = sequence;
        before = undefined;
        return;
      }
      endGap(sequence - 1);
      events += 1;
      if (first === 0) first = sequence;
      const hash = sha256Hex(bytes);
      if (known.some((head) => head.sequence === sequence)) hashesOfKnown.set(sequence, hash);
      seeEvent(sequence, bytes, hash);
      before = hash;
    },
    end(lastSequence) {
      endGap(last);
      last = lastSequence;
      const hashOfLast = before ?? emptyHead.hash;
      settleDoubt(known.some((head) => head.sequence === last && head.hash === hashOfLast));
      for (const head of known) {
        const found = hashesOfKnown.get(head.sequence);
        if (head.sequence > last) find(last + 1, `events up to ${head.sequence} were there and are missing`);
        else if (found !== undefined && found !== head.hash)
          find(head.sequence, 'it is not the event that was acknowledged under this number');
      }
      if (newestOldest !== undefined && first > newestOldest.sequence && !mayHaveGone(newestOldest.atMs))
        find(newestOldest.sequence, `events up to ${first - 1} are missing, too young to have gone by themselves`);
      if (told > findingsMax) findings.push({ sequence: last, message: `${told - findingsMax} more findings` });
      return { events, first, head: { sequence: last, hash: hashOfLast }, chainedFrom, findings };
    },
  };
}
