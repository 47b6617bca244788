// A journal of plain events for tests of the chain.
import { encodeEvent, headOf, type StoredEvent } from '../../../coordinator/journal/chain.ts';

/** A journal of `count` events; the epoch grows every third one. */
export function journalOf(count: number, run = 'upgrade-1'): StoredEvent[] {
  const events: StoredEvent[] = [];
  for (let index = 0; index < count; index += 1) {
    const head = headOf(events);
    events.push(
      encodeEvent({
        schema: 1,
        id: `id-${run}-${index}`,
        run,
        sequence: head.sequence + 1,
        previous: head.hash,
        epoch: 1 + Math.floor(index / 3),
        atMs: 1000 + index,
        fact: { type: 'LeaderChanged', coordinator: `c${index}` },
      }),
    );
  }
  return events;
}
