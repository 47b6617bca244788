// Who may act: the newest LeaderElected of one stream, its number being the epoch. The epoch, not the silence, is what
// keeps two from acting: agents and journal refuse the older one. Beats that most servers of the bus have stored say who
// is alive: a leader without them stops acting before another coordinator takes it for dead.
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
  /** Resolves with the newer epoch when someone else was elected: stop for good. */
  deposed: Promise<number>;
  /** False while nobody knows whether it still leads: after a pause of this process, or cut off from the bus. */
  isCurrent(): boolean;
  /** Someone else was elected. */
  isDeposed(): boolean;
  stop(): void;
}

export interface Campaign {
  /** Name of this coordinator. */
  coordinator: string;
  /** Where it serves agents and operators, for those who ask another coordinator. */
  address?: string;
  /** Embedded bus: nobody else can be on it, so do not wait for silence. */
  isAlone: boolean;
  clock?: Clock;
  silentAfterMs?: number;
  signal?: AbortSignal;
}

export const leadershipStream = 'LEADERSHIP';
const subject = 'baton.leadership';
const beatStream = 'LEADER_BEAT';
const beatSubject = 'baton.leader.heartbeat';
const beatEveryMs = 500;
const beatTimeoutMs = 2_000;
/** Counted from when the beat was sent. Shorter than the silence, so that the leader stops acting before it is replaced. */
export const currentForMs = 2_000;
/** How long no beat may be stored before another coordinator stands for election. */
const silentMs = 3_000;
const lookEveryMs = 200;
/** Two looks further apart than this, and this process slept or the bus did not answer: what it missed is no silence. */
const lookGapMaxMs = 1_000;

/** Waits until nobody leads and becomes the leader. */
export async function becomeLeader(bus: Bus, campaign: Campaign): Promise<Result<Leadership>> {
  const clock = campaign.clock ?? systemClock;
  const heads = openHeads(bus);
  const made = await ensureLeadership(bus);
  if (!made.ok) return made;
  const floors = await openEpochFloor(bus);
  if (!floors.ok) return floors;
  let isElected = false;
  for (;;) {
    // What agents have obeyed before this store was put back: elected below it, nobody would obey.
    const floor = await floors.value.get();
    if (!floor.ok && !(floor.failure.retryable && !campaign.isAlone)) return floor;
    const last = await lastSequence(bus, leadershipStream);
    if (!last.ok && !(last.failure.retryable && !campaign.isAlone)) return last;
    if (!campaign.isAlone && !isElected)
      await untilSilent(bus, clock, campaign.silentAfterMs ?? silentMs, campaign.signal);
    if (campaign.signal?.aborted) return fail('conflict', 'stopped before it became the leader');
    if (!last.ok || !floor.ok) continue;
    const startedAtMs = clock.monotonicMs();
    try {
      const { coordinator, address = '' } = campaign;
      const fact = canonicalJson({ type: 'LeaderElected', coordinator, address, atMs: clock.nowMs() });
      const { seq } = await bus.js.publish(subject, fact, {
        expect: { streamName: leadershipStream, lastSequence: last.value },
      });
      const kept = await heads.kept(leadershipStream);
      if (!kept.ok) return kept;
      isElected = true;
      // Elections were lost from the stream: what was written under their numbers must stay older than this one's.
      if (seq <= Math.max(kept.value?.sequence ?? 0, floor.value)) continue;
      const keeping = await heads.keep(leadershipStream, headOfEntry(seq, fact));
      return keeping.ok ? ok(lead(bus, clock, seq, startedAtMs, campaign)) : keeping;
    } catch (error) {
      isElected = false;
      // Another was elected meanwhile, or the answer was lost: the next election gives a number of its own either way.
      const failure = busFailure(error, 'election of a leader');
      if (!isConflict(error) && !failure.retryable) return { ok: false, failure };
    }
  }
}

/** Epoch of the newest election on this bus. */
export const newestEpoch = (bus: Bus): Promise<Result<number>> => lastSequence(bus, leadershipStream);

function lead(bus: Bus, clock: Clock, epoch: number, electedAtMs: number, campaign: Campaign): Leadership {
  const stopped = new AbortController();
  const { promise: deposed, resolve: depose } = Promise.withResolvers<number>();
  let confirmedAtMs = electedAtMs;
  let isDeposed = false;

  const beat = async (): Promise<void> => {
    const sentAtMs = clock.monotonicMs();
    const stored = campaign.isAlone ? ok(undefined) : await sayAlive(bus, epoch, campaign.coordinator);
    // Also where the beat was not stored: who comes back after a long absence learns it from here.
    const newest = await newestEpoch(bus);
    if (stopped.signal.aborted || !newest.ok) return;
    if (newest.value > epoch) {
      isDeposed = true;
      stopped.abort();
      depose(newest.value);
    } else if (stored.ok) confirmedAtMs = Math.max(confirmedAtMs, sentAtMs);
  };
  // Not waited for: one that hangs must not keep the next from being sent. One that fails confirms nothing.
  const beatOn = () => void beat().catch(() => undefined);
  beatOn();
  const stopBeating = every(clock, beatEveryMs, beatOn);
  stopped.signal.addEventListener('abort', stopBeating, { once: true });

  return {
    epoch,
    deposed,
    isCurrent: () => !isDeposed && (campaign.isAlone || clock.monotonicMs() - confirmedAtMs < currentForMs),
    isDeposed: () => isDeposed,
    stop: () => stopped.abort(),
  };
}

/** Makes what elections and beats are written to. */
export async function ensureLeadership(bus: Bus): Promise<Result<void>> {
  const made = await ensureStream(bus, leadershipStream, [subject]);
  return made.ok ? await ensureBeats(bus) : made;
}

/** In memory: worth nothing after a restart of the servers, and never waits for a disk. */
function ensureBeats(bus: Bus): Promise<Result<void>> {
  return ensureStream(bus, beatStream, [beatSubject], { isInMemory: true, messagesMax: 1 });
}

/** Stores a beat at most servers; fails where they are out of reach. */
async function sayAlive(bus: Bus, epoch: number, coordinator: string): Promise<Result<void>> {
  try {
    await bus.js.publish(beatSubject, canonicalJson({ epoch, coordinator }), { timeout: beatTimeoutMs });
    return ok(undefined);
  } catch (error) {
    const failure = busFailure(error, 'the leader’s beat');
    // All servers were restarted, and what they had in memory is gone.
    if (failure.code === 'unreachable' && !bus.nc.isClosed()) await ensureBeats(bus);
    return { ok: false, failure };
  }
}

/** Resolves when no beat was stored for `silentAfterMs`, while this process was awake and the bus answered. */
async function untilSilent(bus: Bus, clock: Clock, silentAfterMs: number, signal?: AbortSignal): Promise<void> {
  let heard: number | undefined;
  let heardAtMs = clock.monotonicMs();
  let lookedAtMs = heardAtMs;
  while (!signal?.aborted) {
    const newest = await lastSequence(bus, beatStream);
    const nowMs = clock.monotonicMs();
    if (!newest.ok || newest.value !== heard || nowMs - lookedAtMs > lookGapMaxMs) heardAtMs = nowMs;
    heard = newest.ok ? newest.value : undefined;
    lookedAtMs = nowMs;
    if (nowMs - heardAtMs >= silentAfterMs) return;
    await clock.sleep(lookEveryMs, signal);
  }
}
