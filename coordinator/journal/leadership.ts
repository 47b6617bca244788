// Who may act: the newest LeaderElected of one stream, its number being the epoch. A second coordinator on the same bus
// waits until the leader is silent. The epoch, not the silence, is what keeps two from acting: agents and journal refuse
// the older one.
import { DeliverPolicy } from '@nats-io/jetstream';
import { type Clock, every, systemClock } from '../../shared/clock.ts';
import { fail, ok, type Result } from '../../shared/failures.ts';
import { canonicalJson } from '../../shared/hash.ts';
import type { Bus } from '../bus/bus.ts';
import { busFailure, isConflict } from '../bus/failure.ts';
import { openEpochFloor } from './epoch-floor.ts';
import { headOfEntry, openHeads } from './heads.ts';
import { ensureStream, lastSequence } from './streams.ts';

export interface Leadership {
  epoch: number;
  /** Resolves with the newer epoch when someone else was elected: stop acting. */
  deposed: Promise<number>;
  stop(): void;
}

export interface Campaign {
  /** Name of this coordinator. */
  coordinator: string;
  /** Embedded bus: nobody else can be on it, so do not wait for silence. */
  isAlone: boolean;
  clock?: Clock;
  silentAfterMs?: number;
  signal?: AbortSignal;
}

const stream = 'LEADERSHIP';
const subject = 'baton.leadership';
const heartbeatSubject = 'baton.leader.heartbeat';
const heartbeatEveryMs = 1_000;

/** Waits until nobody leads and becomes the leader. */
export async function becomeLeader(bus: Bus, campaign: Campaign): Promise<Result<Leadership>> {
  const clock = campaign.clock ?? systemClock;
  const heads = openHeads(bus);
  const made = await ensureStream(bus, stream, [subject]);
  if (!made.ok) return made;
  const floors = await openEpochFloor(bus);
  if (!floors.ok) return floors;
  let isElected = false;
  for (;;) {
    // What agents have obeyed before this store was put back: elected below it, nobody would obey.
    const floor = await floors.value.get();
    if (!floor.ok) return floor;
    const last = await lastSequence(bus, stream);
    if (!last.ok) return last;
    if (!campaign.isAlone && !isElected)
      await untilSilent(bus, clock, campaign.silentAfterMs ?? 5_000, campaign.signal);
    if (campaign.signal?.aborted) return fail('conflict', 'stopped before it became the leader');
    try {
      const fact = canonicalJson({ type: 'LeaderElected', coordinator: campaign.coordinator, atMs: clock.nowMs() });
      const { seq } = await bus.js.publish(subject, fact, {
        expect: { streamName: stream, lastSequence: last.value },
      });
      const kept = await heads.kept(stream);
      if (!kept.ok) return kept;
      isElected = true;
      // Elections were lost from the stream: what was written under their numbers must stay older than this one's.
      if (seq <= Math.max(kept.value?.sequence ?? 0, floor.value)) continue;
      const keeping = await heads.keep(stream, headOfEntry(seq, fact));
      return keeping.ok ? await lead(bus, seq, campaign.coordinator, clock) : keeping;
    } catch (error) {
      isElected = false;
      // Another was elected meanwhile, or the answer was lost: the next election gives a number of its own either way.
      const failure = busFailure(error, 'election of a leader');
      if (!isConflict(error) && !failure.retryable) return { ok: false, failure };
    }
  }
}

/** Epoch of the newest election on this bus. */
export const newestEpoch = (bus: Bus): Promise<Result<number>> => lastSequence(bus, stream);

async function lead(bus: Bus, epoch: number, coordinator: string, clock: Clock): Promise<Result<Leadership>> {
  const heartbeat = () => {
    if (!bus.nc.isClosed()) bus.nc.publish(heartbeatSubject, canonicalJson({ epoch, coordinator }));
  };
  heartbeat();
  const stopBeating = every(clock, heartbeatEveryMs, heartbeat);
  let depose: (epoch: number) => void = () => undefined;
  const deposed = new Promise<number>((resolve) => {
    depose = resolve;
  });
  const consumer = await bus.js.consumers.get(stream, {
    deliver_policy: DeliverPolicy.StartSequence,
    opt_start_seq: epoch + 1,
  });
  const messages = await consumer.consume({
    callback: (message) => {
      stopBeating();
      depose(message.seq);
    },
  });
  return ok({
    epoch,
    deposed,
    stop() {
      stopBeating();
      messages.stop();
    },
  });
}

/** Resolves when no leader was heard for `silentAfterMs`. */
async function untilSilent(bus: Bus, clock: Clock, silentAfterMs: number, signal?: AbortSignal): Promise<void> {
  let heardAtMs = clock.monotonicMs();
  const subscription = bus.nc.subscribe(heartbeatSubject, {
    callback: () => {
      heardAtMs = clock.monotonicMs();
    },
  });
  while (!signal?.aborted && clock.monotonicMs() - heardAtMs < silentAfterMs) await clock.sleep(100, signal);
  subscription.unsubscribe();
}
