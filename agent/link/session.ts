// One stream to one coordinator, from its opening to its end: hello, heartbeats, what the coordinator asks, outcomes until
// they are in the journal, progress as far as there is room. Decides nothing about actions.
import type { MessageInitShape } from '@bufbuild/protobuf';
import type { ClientDuplexStream } from '@grpc/grpc-js';
import { after, type Clock, every } from '../../shared/clock.ts';
import type { FromAgentSchema, ToAgent } from '../../shared/gen/baton/v1/fleet_pb.ts';
import { formatKey, type Key } from '../../shared/key.ts';
import { keyToWire } from '../../shared/rpc/outcome-wire.ts';
import type { StepProgress } from '../actions/context.ts';

export type FromAgentInit = NonNullable<MessageInitShape<typeof FromAgentSchema>['kind']>;
export type Stream = ClientDuplexStream<unknown, ToAgent>;

export interface Echo {
  coordinatorClockMs: number;
  echoAgeMs: number;
}

export interface SessionParts {
  clock: Clock;
  hello(): Promise<FromAgentInit>;
  /** `echo`: the coordinator's clock as it last told it, and how long ago that came. */
  heartbeat(echo: Echo | undefined): FromAgentInit;
  /** Why this stream counts no more, as where the node has joined anew; undefined while it does. */
  isOver(): string | undefined;
  /** Every outcome that is not confirmed. */
  outbox(): FromAgentInit[];
  onMessage(message: ToAgent, send: (message: FromAgentInit) => void): void;
  /** Said again when somebody else leads. `coordinators`: where one may connect as well. */
  onWelcome(coordinator: string, epoch: number, coordinators: string[]): void;
}

export interface Session {
  /** Sends what is in the outbox too: before the welcome it is left to that. */
  send(message: FromAgentInit): void;
  /** A heartbeat at once: what it tells has changed, and must not wait. */
  beat(): void;
  progress(key: Key, progress: StepProgress): void;
  /** Why it ended. */
  ended: Promise<string>;
  end(reason: string): void;
}

/** With the time between two looks: within 15 s a half-open connection is noticed. */
export const silenceMs = 12_000;
/** From hello to welcome: one that is stopped or cut off accepts connections and says nothing. */
const welcomeWithinMs = 8_000;
const heartbeatMs = 1000;
const progressMs = 250;
const resendMs = 10_000;

/** Speaks over an open stream until it ends or the coordinator has been silent for too long. */
export function openSession(stream: Stream, parts: SessionParts): Session {
  const { clock } = parts;
  const pending = new Map<string, { key: Key; progress: StepProgress }>();
  let hasRoom = true;
  let isOpen = true;
  let heardMs = clock.monotonicMs();
  let greetedMs: number | undefined;
  let sentOutboxMs = clock.monotonicMs();
  let told: { coordinatorClockMs: number; atMs: number } | undefined;
  let isWelcome = false;
  const { promise: ended, resolve } = Promise.withResolvers<string>();

  const send = (kind: FromAgentInit) => {
    if (isOpen) hasRoom = stream.write({ kind }) && hasRoom;
  };
  const echo = () =>
    told && { coordinatorClockMs: told.coordinatorClockMs, echoAgeMs: clock.monotonicMs() - told.atMs };
  const sendOutbox = () => {
    sentOutboxMs = clock.monotonicMs();
    for (const outcome of parts.outbox()) send(outcome);
  };
  const end = (reason: string) => {
    if (!isOpen) return;
    isOpen = false;
    stopBeating();
    stopTelling?.();
    stream.cancel();
    resolve(reason);
  };

  /** What cannot be read or written for this stream ends it, and not the daemon: the next one may fare better. */
  const orEnd = (work: () => void) => {
    try {
      work();
    } catch (error) {
      end(String(error));
    }
  };

  const beat = () => {
    const silentMs = clock.monotonicMs() - heardMs;
    if (silentMs > silenceMs) return end(`nothing heard for ${Math.round(silentMs / 1000)} s`);
    if (!isWelcome && greetedMs !== undefined && clock.monotonicMs() - greetedMs > welcomeWithinMs)
      return end(`no welcome within ${welcomeWithinMs / 1000} s`);
    if (!isWelcome) return;
    // Not before: what hello says is found out anew for each stream.
    const over = parts.isOver();
    if (over !== undefined) return end(over);
    tellBeat();
    if (hasRoom && clock.monotonicMs() - sentOutboxMs >= resendMs) sendOutbox();
  };
  const tellBeat = () => {
    // A blocked stream keeps what is written in memory: one heartbeat less there says the same.
    if (hasRoom) send(parts.heartbeat(echo()));
  };
  const stopBeating = every(clock, heartbeatMs, () => orEnd(beat));

  /** What cannot be told now is not told later: the next progress says more. */
  const tellProgress = () => {
    stopTelling?.();
    stopTelling = undefined;
    if (hasRoom && isWelcome)
      for (const { key, progress } of pending.values())
        send({ case: 'progress', value: { key: keyToWire(key), ...progress } });
    pending.clear();
  };
  let stopTelling: (() => void) | undefined;

  stream.on('drain', () => {
    hasRoom = true;
  });
  stream.on('error', (error: Error) => end(error.message));
  stream.on('end', () => end('the coordinator ended the stream'));
  const hear = (message: ToAgent) => {
    const over = parts.isOver();
    if (over !== undefined) return end(over);
    heardMs = clock.monotonicMs();
    switch (message.kind.case) {
      case 'welcome':
        isWelcome = true;
        parts.onWelcome(
          message.kind.value.coordinator,
          message.kind.value.epoch,
          message.kind.value.coordinators ?? [],
        );
        sendOutbox();
        break;
      case 'heartbeatSeen':
        told = { coordinatorClockMs: message.kind.value.coordinatorClockMs, atMs: heardMs };
        break;
      default:
        parts.onMessage(message, send);
    }
  };
  stream.on('data', (message: ToAgent) => orEnd(() => hear(message)));
  const greet = (hello: FromAgentInit) => {
    // What reading this node took is not the coordinator's slowness.
    greetedMs = clock.monotonicMs();
    send(hello);
  };
  parts.hello().then(greet, (error: unknown) => end(String(error)));

  return {
    send(message) {
      // A stream begins with hello. What falls due before its welcome is in the outbox, which follows it.
      if (!isWelcome) return;
      // Progress that came after its outcome would only confuse.
      if (message.case === 'outcome') tellProgress();
      send(message);
    },
    beat() {
      if (isWelcome) tellBeat();
    },
    progress(key, progress) {
      if (!isOpen) return;
      pending.set(formatKey(key), { key, progress });
      stopTelling ??= after(clock, progressMs, tellProgress);
    },
    ended,
    end,
  };
}
