// Keeps one stream open to any of the coordinators, for ever: the next one after a loss, with growing pauses in between.
// Installers are fetched over the connection that is there.
import type { ServiceError } from '@grpc/grpc-js';
import { failure } from '../../shared/failures.ts';
import type { Key } from '../../shared/key.ts';
import type { Log } from '../../shared/log.ts';
import { failureFromError } from '../../shared/rpc/status.ts';
import type { FetchRelease, StepProgress } from '../actions/context.ts';
import { FetchBroken } from '../actions/fetch-broken.ts';
import type { Identity } from '../enrol/identity-files.ts';
import type { FleetClient } from './coordinators.ts';
import { type FromAgentInit, openSession, type Session, type SessionParts } from './session.ts';

const pauseMsMin = 500;
const pauseMsMax = 10_000;
/** Grows slowly: a coordinator that is started anew is away for some seconds, and is found soon after. */
const pauseGrowth = 1.25;
/** A connection that has lasted this long was a good one: the next pause is a short one again. */
const steadyMs = 30_000;
const fetchStallMs = 30_000;
const final = ['not-found', 'unauthorized', 'bad-input', 'checksum-mismatch'];

export interface LinkParts extends Omit<SessionParts, 'onWelcome'> {
  log: Log;
  /** Makes the client of one coordinator. */
  connect(coordinator: string, identity: Identity): FleetClient;
  /** From 0 to 1, for pauses. */
  random(): number;
  /** Read anew for each connection; undefined while the node has not joined. */
  identity(): Identity | undefined;
  onWelcome(coordinator: string, epoch: number): void;
  onConnection(
    state: { coordinator: string; connectedSinceMs: number } | { lostSinceMs: number; reason: string },
  ): void;
}

export interface Link {
  /** Sends when connected; what must not be lost is in the outbox and sent again anyway. */
  send(message: FromAgentInit): void;
  progress(key: Key, progress: StepProgress): void;
  fetchRelease: FetchRelease;
  stop(): Promise<void>;
}

/** How long to wait after so many losses in a row; `random` (0 to 1) keeps agents from coming all at once. */
export function reconnectPauseMs(lossesBefore: number, random: number): number {
  return Math.min(pauseMsMin * pauseGrowth ** lossesBefore, pauseMsMax) * (0.5 + random / 2);
}

export function startLink(parts: LinkParts): Link {
  const { clock, log } = parts;
  const stopped = new AbortController();
  let client: FleetClient | undefined;
  let session: Session | undefined;

  const connectOnce = async (identity: Identity, coordinator: string): Promise<string> => {
    client = parts.connect(coordinator, identity);
    session = openSession(client.connect(), {
      ...parts,
      onWelcome(name, epoch) {
        log.info('connected', { coordinator, epoch, name });
        parts.onConnection({ coordinator, connectedSinceMs: clock.nowMs() });
        parts.onWelcome(name, epoch);
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
      await clock.sleep(reconnectPauseMs(losses, parts.random()), stopped.signal);
      losses += 1;
    }
  };
  const running = connectForever();

  return {
    send: (message) => session?.send(message),
    progress: (key, progress) => session?.progress(key, progress),
    async *fetchRelease(sha256, offsetBytes, signal) {
      if (client === undefined)
        throw new FetchBroken(failure('unreachable', 'no coordinator is connected', { retryable: true }));
      const call = client.fetchRelease({ sha256, offsetBytes });
      const cancel = () => call.cancel();
      signal.addEventListener('abort', cancel, { once: true });
      let stall = setTimeout(cancel, fetchStallMs);
      let expectedBytes = offsetBytes;
      try {
        for await (const chunk of call) {
          clearTimeout(stall);
          if (chunk.offsetBytes !== expectedBytes)
            throw new FetchBroken(failure('unexpected-output', 'the coordinator sent a chunk of another place'));
          expectedBytes += chunk.data.length;
          yield chunk.data;
          stall = setTimeout(cancel, fetchStallMs);
        }
      } catch (error) {
        if (error instanceof FetchBroken) throw error;
        const failed = failureFromError(error as ServiceError);
        throw new FetchBroken({ ...failed, retryable: !final.includes(failed.code) });
      } finally {
        clearTimeout(stall);
        signal.removeEventListener('abort', cancel);
        call.cancel();
      }
    },
    async stop() {
      stopped.abort();
      session?.end('the agent stops');
      await running;
    },
  };
}
