// The journal on JetStream: one stream per run, appended by compare-and-set, verified whenever it is read. The head is
// also kept in a table of its own, so that a tail that was cut off is missed.
import { DeliverPolicy } from '@nats-io/jetstream';
import { type Clock, systemClock } from '../../shared/clock.ts';
import { type Failure, fail, failure, ok, type Result } from '../../shared/failures.ts';
import type { Bus } from '../bus/bus.ts';
import { busFailure } from '../bus/failure.ts';
import { openStore, type Store } from '../bus/store.ts';
import type { Head } from '../fleet/fleet.ts';
import { encodeEvent, type StoredEvent, verifyChain } from './chain.ts';
import type { RunEvent } from './event.ts';
import type { Appended, Journal } from './journal.ts';
import { eventOf } from './next-event.ts';
import { ensureStream, lastSequence, readMessage, readMessages } from './streams.ts';

/** How long an append is tried while the bus does not answer. */
const appendWithinMs = 30_000;

export const streamOfRun = (run: string): string => `RUN_${run}`;
const subjectOfRun = (run: string): string => `baton.run.${run}`;

/** Opens the journals on a bus. */
export async function openJournal(bus: Bus, clock: Clock = systemClock): Promise<Result<Journal>> {
  const heads = await openStore<Head>(bus, 'run-heads');
  if (!heads.ok) return heads;
  return ok(natsJournal(bus, heads.value, clock));
}

function natsJournal(bus: Bus, heads: Store<Head>, clock: Clock): Journal {
  return {
    async runs() {
      try {
        const names: string[] = [];
        for await (const name of bus.jsm.streams.names('baton.run.*')) names.push(name.slice('RUN_'.length));
        return ok(names.sort());
      } catch (error) {
        return { ok: false, failure: busFailure(error, 'list of runs') };
      }
    },

    async read(run, knownHeads = []) {
      const kept = await heads.get(run);
      if (!kept.ok) return kept;
      const last = await lastSequence(bus, streamOfRun(run));
      if (!last.ok) return last;
      let messages = await readMessages(bus, streamOfRun(run), last.value);
      // At the first read of a damaged block the server answers nothing of it; then it knows which records are whole.
      if (messages.ok && messages.value.includes(undefined))
        messages = await readMessages(bus, streamOfRun(run), last.value);
      if (!messages.ok) return messages;
      const missing = messages.value.indexOf(undefined);
      if (missing >= 0) return damaged(run, missing + 1, 'it cannot be read');
      const records = messages.value.map((message) => message?.string() ?? '');
      const own = kept.value === undefined ? [] : [kept.value.value];
      const verified = verifyChain(run, records, [...own, ...knownHeads]);
      if (!verified.ok) return damaged(run, verified.damage.sequence, verified.damage.message);
      return ok(verified.events);
    },

    async append(append) {
      const stored = encodeEvent(eventOf(append));
      if (append.head.sequence === 0) {
        const made = await ensureStream(bus, streamOfRun(append.run), [subjectOfRun(append.run)]);
        if (!made.ok) return { status: 'failed', failure: made.failure };
      }
      const appended = await publish(bus, stored, append.head, clock);
      if (appended.status === 'appended')
        // Not waited for by the next append's correctness: a missing entry only means that less of the tail is guarded.
        await heads.put(append.run, { sequence: stored.event.sequence, hash: stored.hash });
      return appended;
    },

    async follow(run, afterSequence, listener) {
      try {
        const consumer = await bus.js.consumers.get(streamOfRun(run), {
          deliver_policy: DeliverPolicy.StartSequence,
          opt_start_seq: afterSequence + 1,
        });
        const messages = await consumer.consume({
          callback: (message) => {
            const stored = parsed(message.string());
            if (stored !== undefined) listener(stored);
          },
        });
        return ok(() => messages.stop());
      } catch (error) {
        return { ok: false, failure: busFailure(error, `journal of run ${run}`) };
      }
    },
  };
}

function damaged(run: string, sequence: number, message: string): Result<never> {
  return fail(
    'damaged',
    `run ${run}: journal damaged at event ${sequence}: ${message}; this run goes no further, keep the coordinator’s store as evidence`,
  );
}

/** Publishes until the journal answers; what became of it is read from the tail. */
async function publish(bus: Bus, stored: StoredEvent, head: Head, clock: Clock): Promise<Appended> {
  const { event, bytes } = stored;
  const deadlineMs = clock.monotonicMs() + appendWithinMs;
  for (;;) {
    let problem: Failure;
    try {
      await bus.js.publish(subjectOfRun(event.run), bytes, {
        msgID: event.id,
        expect: { streamName: streamOfRun(event.run), lastSequence: head.sequence },
      });
      return { status: 'appended', stored };
    } catch (error) {
      problem = busFailure(error, `journal of run ${event.run}`);
    }
    if (bus.nc.isClosed() || (problem.code !== 'conflict' && !problem.retryable))
      return { status: 'failed', failure: problem };
    const standing = await lookAtTail(bus, stored);
    if (standing !== undefined) return standing;
    if (clock.monotonicMs() > deadlineMs) return { status: 'failed', failure: problem };
    await clock.sleep(200);
  }
}

/** What became of an event whose acknowledgement was lost; undefined when it is not there and may be sent again. */
async function lookAtTail(bus: Bus, { event }: StoredEvent): Promise<Appended | undefined> {
  const stream = streamOfRun(event.run);
  const mine = await readMessage(bus, stream, { seq: event.sequence });
  if (!mine.ok || mine.value === undefined) return undefined;
  const there = parsed(mine.value.string());
  if (there === undefined) return unreadable(event);
  if (there.event.id === event.id) return { status: 'appended', stored: there };
  const newest = await readMessage(bus, stream, { last_by_subj: subjectOfRun(event.run) });
  if (!newest.ok || newest.value === undefined) return undefined;
  const tail = parsed(newest.value.string());
  if (tail === undefined) return unreadable(event);
  return tail.event.epoch > event.epoch ? { status: 'deposed', epoch: tail.event.epoch } : { status: 'behind' };
}

function unreadable({ run, sequence }: RunEvent): Appended {
  const message = `run ${run}: journal damaged at or after event ${sequence}: it is no JSON`;
  return { status: 'failed', failure: failure('damaged', message) };
}

function parsed(bytes: string): StoredEvent | undefined {
  try {
    return encodeEvent(JSON.parse(bytes) as RunEvent);
  } catch {
    return undefined;
  }
}
