// The journal on JetStream: one stream per run, appended by compare-and-set, verified whenever it is read. The head is
// also kept beside it, so that a tail that was cut off is missed.
import { DeliverPolicy } from '@nats-io/jetstream';
import { type Clock, systemClock } from '../../shared/clock.ts';
import { type Failure, fail, failure, ok, type Result } from '../../shared/failures.ts';
import type { Bus } from '../bus/bus.ts';
import { busFailure } from '../bus/failure.ts';
import { openStore, type Store } from '../bus/store.ts';
import type { Head } from '../fleet/fleet.ts';
import { type Damage, encodeEvent, headOf, type StoredEvent, verifyChain } from './chain.ts';
import type { RunEvent } from './event.ts';
import { type Heads, openHeads } from './heads.ts';
import type { Appended, Journal, Salvaged } from './journal.ts';
import { eventOf } from './next-event.ts';
import { ensureStream, lastSequence, readMessage, readMessages, streamNames } from './streams.ts';

/** How long an append is tried while the bus does not answer. */
const appendWithinMs = 30_000;

export const streamOfRun = (run: string): string => `RUN_${run}`;
const subjectOfRun = (run: string): string => `baton.run.${run}`;

/** Opens the journals on a bus. */
export async function openJournal(bus: Bus, clock: Clock = systemClock): Promise<Result<Journal>> {
  const early = await openStore<Head>(bus, 'run-heads');
  return early.ok ? ok(natsJournal(bus, openHeads(bus), early.value, clock)) : early;
}

/** `early`: where the first versions kept the heads of all runs; read where a run has none of its own. */
function natsJournal(bus: Bus, heads: Heads, early: Store<Head>, clock: Clock): Journal {
  const salvage = async (run: string, knownHeads: Head[] = []): Promise<Result<Salvaged>> => {
    const stream = streamOfRun(run);
    // Before the events, so that it is never newer than they are.
    const kept = await heads.kept(stream);
    if (!kept.ok) return kept;
    const earlier = kept.value === undefined ? await early.get(run) : ok(undefined);
    if (!earlier.ok) return earlier;
    const last = await lastSequence(bus, stream);
    if (!last.ok) return last;
    let messages = await readMessages(bus, stream, last.value);
    // At the first read of a damaged block the server answers nothing of it; then it knows which records are whole.
    if (messages.ok && messages.value.includes(undefined)) messages = await readMessages(bus, stream, last.value);
    if (!messages.ok) return messages;
    const missing = messages.value.indexOf(undefined);
    const readable = missing < 0 ? messages.value : messages.value.slice(0, missing);
    const records = readable.map((message) => message?.string() ?? '');
    if (missing >= 0) {
      const before = verifyChain(run, records);
      if (before.ok)
        return ok({ events: before.events, damage: { sequence: missing + 1, message: 'it cannot be read' } });
      return ok({ events: before.whole, damage: before.damage });
    }
    const own = kept.value ?? earlier.value?.value;
    const verified = verifyChain(run, records, [...(own === undefined ? [] : [own]), ...knownHeads]);
    if (!verified.ok) return ok({ events: verified.whole, damage: verified.damage });
    const { events, head } = verified;
    if (events.at(-1)?.event.fact.type === 'RunEnded' || earlier.value !== undefined) return ok({ events });
    // Events that came while they were read have moved the head on.
    const now = head.sequence - (own?.sequence ?? 0) > 1 ? await heads.kept(stream) : kept;
    if (!now.ok) return now;
    if (head.sequence - (now.value?.sequence ?? 0) <= 1) return ok({ events });
    const message = 'nobody can tell whether there was one, the record of the head is damaged';
    return ok({ events, damage: { sequence: head.sequence + 1, message } });
  };

  return {
    async runs() {
      const names = await streamNames(bus, 'baton.run.*', streamOfRun(''));
      if (!names.ok) return names;
      // A run whose stream is lost has its head still.
      const kept = await heads.streams(streamOfRun(''));
      if (!kept.ok) return kept;
      const lost = kept.value.map((stream) => stream.slice(streamOfRun('').length));
      return ok([...new Set([...names.value, ...lost])].sort());
    },

    async read(run, knownHeads = []) {
      const found = await salvage(run, knownHeads);
      if (!found.ok) return found;
      const { events, damage } = found.value;
      return damage === undefined ? ok(events) : damaged(run, damage);
    },

    salvage,

    async append(append) {
      const stored = encodeEvent(eventOf(append));
      const stream = streamOfRun(append.run);
      if (append.head.sequence === 0) {
        const made = await ensureStream(bus, stream, [subjectOfRun(append.run)]);
        if (!made.ok) return { status: 'failed', failure: made.failure };
      } else {
        const kept = await heads.keep(stream, append.head);
        if (!kept.ok) return { status: 'failed', failure: kept.failure };
      }
      const appended = await publish(bus, stored, append.head, clock);
      // Where this fails, the next append makes up for it before it writes.
      if (appended.status === 'appended') await heads.keep(stream, headOf([stored]));
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

function damaged(run: string, { sequence, message }: Damage): Result<never> {
  return fail(
    'damaged',
    `run ${run}: journal damaged at event ${sequence}: ${message}; this run goes no further. Finish by hand with the guide, \`baton-agent status\` on each node tells what it did; then baton run abort ${run} gives the cluster back. Keep the coordinator’s store as evidence: what lay behind the damage may be gone from it. baton run export ${run} writes what lies before it`,
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
