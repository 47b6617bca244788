// The newest head of each stream that must not lose its tail, in a small stream of its own beside it: a stream that was cut
// off no longer reaches its head, and damage to one head leaves the others alone. Heads only grow, whoever writes them.
import { ok, type Result } from '../../shared/failures.ts';
import { canonicalJson, sha256Hex } from '../../shared/hash.ts';
import type { Bus } from '../bus/bus.ts';
import { busFailure, isConflict } from '../bus/failure.ts';
import type { Head } from '../fleet/fleet.ts';
import { ensureStream, lastSequence, readMessage, streamNames } from './streams.ts';

export interface Heads {
  /** The head that was kept last; undefined when there is none or it cannot be read. */
  kept(stream: string): Promise<Result<Head | undefined>>;
  /**
   * Keeps a head, durably, unless a newer one is kept. Before an entry is written, the head of the one before it is kept:
   * so a whole stream is ahead of its head by one entry at most.
   */
  keep(stream: string, head: Head): Promise<Result<void>>;
  /** Names of the streams with this prefix that have a head, whether they are still there or not. */
  streams(prefix: string): Promise<Result<string[]>>;
}

const streamOf = (stream: string): string => `HEAD_${stream}`;
const subjectOf = (stream: string): string => `baton.head.${stream}`;

/** How often a head is tried to be kept against others and lost answers. */
const attemptsMax = 20;

/** The head that an entry makes. */
export const headOfEntry = (sequence: number, bytes: string): Head => ({ sequence, hash: sha256Hex(bytes) });

/** Opens the heads on a bus. */
export function openHeads(bus: Bus): Heads {
  /** What is known to be kept, with its number in the head's own stream. */
  const known = new Map<string, { at: number; head: Head | undefined }>();

  const look = async (stream: string): Promise<Result<{ at: number; head: Head | undefined }>> => {
    const newest = () => readMessage(bus, streamOf(stream), { last_by_subj: subjectOf(stream) });
    const seen = await newest();
    if (!seen.ok) return seen;
    if (seen.value !== undefined) return ok({ at: seen.value.seq, head: seen.value.json<Head>() });
    // A damaged head is gone and its number is not. Once more after the number: a head that another wrote is not missed.
    const last = await lastSequence(bus, streamOf(stream));
    if (!last.ok) return last;
    const message = await newest();
    if (!message.ok) return message;
    return ok({ at: message.value?.seq ?? last.value, head: message.value?.json<Head>() });
  };

  return {
    async kept(stream) {
      const looked = await look(stream);
      return looked.ok ? ok(looked.value.head) : looked;
    },
    async keep(stream, head) {
      let problem: Result<void> = ok(undefined);
      for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
        let last = known.get(stream);
        if (last === undefined) {
          const made = await ensureStream(bus, streamOf(stream), [subjectOf(stream)], { messagesMax: 1 });
          if (!made.ok) return made;
          const looked = await look(stream);
          if (!looked.ok) return looked;
          last = looked.value;
        }
        known.set(stream, last);
        if ((last.head?.sequence ?? 0) >= head.sequence) return ok(undefined);
        try {
          const { seq } = await bus.js.publish(subjectOf(stream), canonicalJson(head), {
            expect: { streamName: streamOf(stream), lastSequence: last.at },
          });
          known.set(stream, { at: seq, head });
          return ok(undefined);
        } catch (error) {
          known.delete(stream);
          const failure = busFailure(error, `head of ${stream}`);
          problem = { ok: false, failure };
          if (!isConflict(error) && !failure.retryable) return problem;
        }
      }
      return problem;
    },
    async streams(prefix) {
      const names = await streamNames(bus, 'baton.head.*', streamOf(prefix));
      return names.ok ? ok(names.value.map((name) => `${prefix}${name}`)) : names;
    },
  };
}
