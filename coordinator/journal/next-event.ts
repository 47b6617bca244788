// The event that an append makes: a fact behind a head.
import { randomUUID } from 'node:crypto';
import type { RunEvent } from './event.ts';
import type { Append } from './journal.ts';

/** The event of an append, with an id of its own. */
export function eventOf({ run, head, epoch, atMs, fact }: Append): RunEvent {
  return { schema: 1, id: randomUUID(), run, sequence: head.sequence + 1, previous: head.hash, epoch, atMs, fact };
}
