// Keeps one stream open to any of the coordinators, for ever: the next one after a loss, with pauses that grow once all
// were tried.
import type { Key } from '../../shared/key.ts';
import type { Log } from '../../shared/log.ts';
import type { FetchRelease, StepProgress } from '../actions/context.ts';
import type { Identity } from '../enrol/identity-files.ts';
import type { FleetClient } from './coordinators.ts';
import { fetchFromAny } from './fetch.ts';
import { type FromAgentInit, openSession, type Session, type SessionParts } from './session.ts';

const pauseMsMin = 500;
const pauseMsMax = 10_000;
/** Grows slowly: a coordinator that is started anew is away for some seconds, and is found soon after. */
const pauseGrowth = 1.25;
/** A connection that has lasted this long was a good one: the next pause is a short one again. */
const steadyMs = 30_000;
/** Between two coordinators of one round: short, since the next one may well be there. */
const nextPauseMs = 250;

export interface LinkParts extends Omit<SessionParts, 'onWelcome'> {
  log: Log;
  /** Makes the client of one coordinator. */
  connect(coordinator: string, identity: Identity): FleetClient;
  /** From 0 to 1, for pauses. */
  random(): number;
  /** Read anew for each connection; undefined while the node has not joined. */
  identity(): Identity | undefined;
  onWelcome(coordinator: string, epoch: number, coordinators: string[]): void;
  onConnection(
    state: { coordinator: string; connectedSinceMs: number } | { lostSinceMs: number; reason: string },
  ): void;
}

export interface Link {
  /** Sends when connected; what must not be lost is in the outbox and sent again anyway. */
  send(message: FromAgentInit): void;
  /** A heartbeat at once, when connected. */
  beat(): void;
  progress(key: Key, progress: StepProgress): void;
  fetchRelease: FetchRelease;
  stop(): Promise<void>;
}

/**
 * How long to wait after so many losses in a row, of as many coordinators; `random` (0 to 1) keeps agents from coming all
 * at once. Only a round in which nobody welcomed the agent makes it wait longer.
 */
export function reconnectPauseMs(lossesBefore: number, random: number, coordinators = 1): number {
  const isWithinRound = (lossesBefore + 1) % coordinators !== 0;
  const rounds = Math.floor(lossesBefore / coordinators);
  const pauseMs = isWithinRound ? nextPauseMs : Math.min(pauseMsMin * pauseGrowth ** rounds, pauseMsMax);
  return pauseMs * (0.5 + random / 2);
}

export function startLink(parts: LinkParts): Link {
  const { clock, log } = parts;
  const stopped = new AbortController();
  let client: FleetClient | undefined;
  let connectedTo = '';
  let connectedAs: Identity | undefined;
  let session: Session | undefined;

  const connectOnce = async (identity: Identity, coordinator: string): Promise<string> => {
    client = parts.connect(coordinator, identity);
    connectedTo = coordinator;
    connectedAs = identity;
    let isWelcome = false;
    session = openSession(client.connect(), {
      ...parts,
      onWelcome(name, epoch, coordinators) {
        log.info(isWelcome ? 'another coordinator leads' : 'connected', { coordinator, epoch, name });
        if (!isWelcome) parts.onConnection({ coordinator, connectedSinceMs: clock.nowMs() });
        isWelcome = true;
        parts.onWelcome(name, epoch, coordinators);
      },
    });
    const reason = await session.ended;
    session = undefined;
    client.close();
    client = undefined;
    return reason;
  };

  const connectForever = async () => {
    let losses = 0;
    let toldUnjoined = false;
    for (let index = 0; !stopped.signal.aborted; index += 1) {
      let identity: Identity | undefined;
      try {
        identity = parts.identity();
      } catch (error) {
        // Joining anew replaces it just now, or the disk has a fault: neither ends the daemon.
        log.error('the identity of this node cannot be read, which is tried again', { error: String(error) });
        await clock.sleep(2000, stopped.signal);
        continue;
      }
      if (identity === undefined) {
        if (!toldUnjoined) log.warn('this node has not joined; run the line that `baton node add` prints');
        toldUnjoined = true;
        await clock.sleep(2000, stopped.signal);
        continue;
      }
      const coordinator = identity.coordinators[index % identity.coordinators.length] ?? '';
      const startedMs = clock.monotonicMs();
      const reason = await connectOnce(identity, coordinator).catch(String);
      if (stopped.signal.aborted) break;
      log.warn('connection lost', { coordinator, reason });
      parts.onConnection({ lostSinceMs: clock.nowMs(), reason });
      if (clock.monotonicMs() - startedMs > steadyMs) losses = 0;
      await clock.sleep(reconnectPauseMs(losses, parts.random(), identity.coordinators.length), stopped.signal);
      losses += 1;
    }
  };
  const running = connectForever();

  return {
    send: (message) => session?.send(message),
    beat: () => session?.beat(),
    progress: (key, progress) => session?.progress(key, progress),
    fetchRelease: (sha256, offsetBytes, signal) =>
      fetchFromAny(
        { client, connectedTo, identity: connectedAs, connect: parts.connect },
        { sha256, offsetBytes },
        signal,
      ),
    async stop() {
      stopped.abort();
      session?.end('the agent stops');
      await running;
    },
  };
}
