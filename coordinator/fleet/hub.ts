// The agents' streams that end at this coordinator: opened, heard, replaced, ended; and the bus's requests to them.
// What an agent says is taken as said by the node of its certificate, whatever else it says. It decides nothing about
// runs: outcomes and progress go to the bus as they come. It serves wherever its coordinator leads or stands by.
import { randomUUID } from 'node:crypto';
import type { Subscription } from '@nats-io/transport-node';
import { plain } from '../../shared/actions/wire.ts';
import { type Clock, every } from '../../shared/clock.ts';
import { type Failure, fail, failure, type Result } from '../../shared/failures.ts';
import type { FromAgent, Heartbeat, Hello, ToAgent } from '../../shared/gen/baton/v1/fleet_pb.ts';
import type { Log } from '../../shared/log.ts';
import type { Audit } from '../audit/audit.ts';
import { limitedLines } from '../audit/line-limit.ts';
import type { Bus } from '../bus/bus.ts';
import { createBookkeeping } from './bookkeeping.ts';
import { clockOffsetOf } from './clock-offset.ts';
import { createContests } from './contests.ts';
import { takeRequests } from './requests.ts';
import { forgedField, forgedText } from './restored-ledger.ts';
import { askWhetherAlive, createSession, type Session } from './session.ts';
import { encodeFromAgent, openedSubject, outcomeSubject, progressSubject, type ToAgentInit } from './subjects.ts';
import type { FleetTables, PresenceRecord } from './tables.ts';

const helloWithinMs = 10_000;
const behindHelloMax = 256;
/** Streams of one node that have not been welcomed. */
const unwelcomedMax = 4;
const failoverTextMax = 16_384;
/** Agents send heartbeats more often than every five seconds: after this long without any the stream is half-open. */
export const silentMaxMs = 12_000;

/** What the transport gives for one stream. */
export interface AgentStream {
  /** Name in the node's certificate. */
  node: string;
  from: string;
  /** False when the stream is gone or its buffer is full. */
  put(message: ToAgent | { kind: ToAgentInit }): boolean;
  /** Ends the stream; with a failure the agent reads why. */
  end(reason?: Failure): void;
}

export interface Hub {
  /** Takes a stream over. The transport hands its messages to `hear` and calls `lost` once when it has ended. */
  open(stream: AgentStream): { hear(message: FromAgent): void; lost(): void };
  /** Somebody leads under a newer epoch, here or elsewhere: every agent is welcomed anew, and so obeys nothing older. */
  lead(epoch: number): void;
  /** Ends all streams and welcomes none, since nothing could be passed on; undefined welcomes again. */
  refuse(reason: Failure | undefined): void;
  /** How many are open here. */
  streams(): number;
  /** Resolves when all that was said so far is in the tables. */
  flush(): Promise<void>;
  /** Ends all streams. */
  close(): Promise<void>;
}

interface Connection {
  id: string;
  stream: AgentStream;
  session: Session;
  /** Undefined until it has been welcomed. */
  presence: PresenceRecord | undefined;
  /** What was said behind a hello that is still looked at; undefined before hello. */
  behindHello: FromAgent[] | undefined;
  ledgerGeneration: string;
  /** The highest that was said on this stream. */
  ledgerCounter: number;
  heardAtMs: number;
  openedAtMs: number;
  /** From now on the bus's requests to the node come here. */
  takeRequests(): void;
  hangUp(reason?: Failure): void;
}

export function createHub(options: {
  bus: Bus;
  tables: FleetTables;
  clock: Clock;
  log: Log;
  audit: Audit;
  coordinator: string;
  /** Of whoever leads; 0 where nobody ever has. */
  epoch: number;
  /** Whether an agent that has obeyed this epoch may be served under `epoch`. */
  mayServe(node: string, highestEpoch: number, epoch: number): Promise<Result<void>>;
  /** Where agents may connect as well. */
  addresses?: () => string[];
}): Hub {
  const { bus, tables, clock, log, audit, coordinator, addresses = () => [] } = options;
  let { epoch } = options;
  let refusal: Failure | undefined;
  const books = createBookkeeping({ tables, clock, log, audit });
  const connections = new Set<Connection>();
  const contests = createContests(clock);
  const tell = limitedLines(log, clock, ({ node }: { node: string }) => node);
  const publish = (subject: string, data: Uint8Array | string) => {
    if (!bus.nc.isClosed()) bus.nc.publish(subject, data);
  };

  const stopWatching = every(clock, 1_000, () => {
    for (const connection of connections) {
      const { stream, heardAtMs, openedAtMs, presence } = connection;
      const nowMs = clock.monotonicMs();
      if (presence === undefined && nowMs - openedAtMs > helloWithinMs)
        connection.hangUp(failure('timeout', `${stream.node} said no hello within ${helloWithinMs} ms`));
      else if (nowMs - heardAtMs > silentMaxMs)
        connection.hangUp(failure('timeout', `${stream.node} was silent for ${silentMaxMs} ms`));
    }
  });

  const recordPresence = (connection: Connection, change: Partial<PresenceRecord>) => {
    if (connection.presence === undefined) return;
    connection.presence = { ...connection.presence, ...change };
    books.presence(connection.presence);
  };

  /** Nothing of a stream counts before its hello was found to be of a ledger that has not gone back. */
  const greet = async (connection: Connection, hello: Hello): Promise<void> => {
    const { node, from } = connection.stream;
    if (refusal !== undefined) return connection.hangUp(refusal);
    connection.behindHello = [];
    const forged = forgedField(hello);
    const known =
      forged === undefined
        ? await books.hello(node, from, hello, () => askWhetherAlive(connection.session))
        : fail('bad-input', `${node}: ${forged} of its hello has control characters, is too long or no count`);
    // After what it holds was written down: that is true whoever leads.
    const admitted = known.ok ? await options.mayServe(node, hello.highestEpoch, epoch) : known;
    if (!connections.has(connection)) return;
    if (admitted.ok) {
      welcome(connection, hello);
      for (const message of connection.behindHello.splice(0)) hear(connection, message);
    } else {
      const { code, message } = admitted.failure;
      const isLedgerAtFault = code === 'damaged';
      if (code === 'restored-state' || isLedgerAtFault)
        books.refused({ ...presenceOf(connection, hello), connected: false, refusal: message, isLedgerAtFault });
      connection.hangUp(admitted.failure);
    }
  };

  const presenceOf = ({ stream, id }: Connection, { hold, agentVersion }: Hello): PresenceRecord => ({
    ...{ node: stream.node, session: id, coordinator, connected: true, hold, agentVersion },
    lastSeenMs: clock.nowMs(),
    runningKey: '',
  });

  const welcome = (connection: Connection, hello: Hello) => {
    const { stream, id } = connection;
    connection.ledgerGeneration = hello.ledgerGeneration;
    connection.ledgerCounter = hello.ledgerCounter;
    connection.presence = presenceOf(connection, hello);
    // First: who sees it connected may ask at once.
    connection.takeRequests();
    recordPresence(connection, {});
    // An older stream of the node, here or elsewhere, ends when it hears this; one that never says hello replaces none.
    publish(openedSubject(stream.node), id);
    greetUnder(connection);
    tell('info', 'an agent has connected', { node: stream.node, from: stream.from, version: hello.agentVersion });
  };

  const greetUnder = ({ stream }: Connection) =>
    stream.put({ kind: { case: 'welcome', value: { epoch, coordinator, coordinators: addresses() } } });

  const beat = (connection: Connection, heartbeat: Heartbeat) => {
    const nowMs = clock.nowMs();
    noteCounter(connection, heartbeat.ledgerCounter);
    connection.stream.put({
      kind: { case: 'heartbeatSeen', value: { agentClockMs: heartbeat.clockMs, coordinatorClockMs: nowMs } },
    });
    const { units: _, ...failover } = (plain(heartbeat.failover ?? {}) ?? {}) as NonNullable<
      PresenceRecord['failover']
    > & {
      units?: unknown;
    };
    if (forgedText(heartbeat.runningKey) || JSON.stringify(failover).length > failoverTextMax)
      return connection.hangUp(failure('bad-input', `${connection.stream.node}: its heartbeat is no agent’s`));
    recordPresence(connection, {
      hold: heartbeat.hold,
      runningKey: heartbeat.runningKey,
      lastSeenMs: nowMs,
      clockOffsetMs: clockOffsetOf(heartbeat, nowMs),
      ...(heartbeat.failover ? { failover } : {}),
    });
  };

  const hear = (connection: Connection, message: FromAgent): void => {
    if (!connections.has(connection)) return;
    connection.heardAtMs = clock.monotonicMs();
    if (connection.presence === undefined) hearUnwelcomed(connection, message);
    else hearWelcomed(connection, message);
  };

  const hearUnwelcomed = (connection: Connection, message: FromAgent): void => {
    const { node } = connection.stream;
    const { behindHello } = connection;
    if (connection.session.answer(message)) return;
    if (behindHello !== undefined && behindHello.length < behindHelloMax) behindHello.push(message);
    else if (behindHello !== undefined)
      connection.hangUp(failure('refused-busy', `${node} said too much before it was welcomed`));
    else if (message.kind.case === 'hello') void greet(connection, message.kind.value);
    else connection.hangUp(failure('bad-input', `${node} did not begin with hello`));
  };

  const hearWelcomed = (connection: Connection, message: FromAgent): void => {
    const { node } = connection.stream;
    const { kind } = message;
    if (kind.case === 'heartbeat') beat(connection, kind.value);
    else if (kind.case === 'progress') publish(progressSubject(node), encodeFromAgent(message));
    else if (kind.case === 'outcome') {
      noteCounter(connection, kind.value.ledgerCounter);
      publish(outcomeSubject(node), encodeFromAgent(message));
    } else if (kind.case === 'hello') connection.hangUp(failure('bad-input', `${node} said hello twice`));
    else connection.session.answer(message);
  };

  /** Outcomes of the outbox carry the counter of when they were written, so a lower one means nothing. */
  const noteCounter = (connection: Connection, counter: number): void => {
    if (!Number.isSafeInteger(counter) || counter <= connection.ledgerCounter) return;
    connection.ledgerCounter = counter;
    books.counter(connection.stream.node, { generation: connection.ledgerGeneration, counter });
  };

  return {
    open(stream) {
      const { node } = stream;
      const id = randomUUID();
      const session = createSession(node, (message) => stream.put(message), clock);
      let requests: Subscription | undefined;
      const replaced = bus.nc.subscribe(openedSubject(node), {
        callback: (error, message) => {
          if (error || message.string() === id) return;
          const from = connection.presence && contests.replaced(node, stream.from, connection.heardAtMs);
          if (from) books.contested(node, from);
          connection.hangUp(failure('conflict', `${node} opened another stream`));
        },
      });
      let isOver = false;
      const over = () => {
        if (isOver) return;
        isOver = true;
        requests?.unsubscribe();
        replaced.unsubscribe();
        session.close();
        connections.delete(connection);
        recordPresence(connection, { connected: false, runningKey: '' });
        tell('info', 'an agent’s stream has ended', { node, from: stream.from });
      };
      const connection: Connection = {
        id,
        stream,
        session,
        presence: undefined,
        behindHello: undefined,
        ...{ ledgerGeneration: '', ledgerCounter: 0 },
        heardAtMs: clock.monotonicMs(),
        openedAtMs: clock.monotonicMs(),
        // Not before the welcome: until then a request is better told at once that nobody is there.
        takeRequests() {
          requests = takeRequests({ bus, tables, log }, node, session);
        },
        hangUp(reason) {
          if (!isOver && reason) tell('warn', 'an agent’s stream is ended', { node, reason: reason.message });
          over();
          stream.end(reason);
        },
      };
      const unwelcomed = [...connections].filter((one) => one.stream.node === node && one.presence === undefined);
      if (unwelcomed.length >= unwelcomedMax)
        unwelcomed[0]?.hangUp(failure('refused-busy', `${node} opened too many streams`, { retryable: true }));
      connections.add(connection);

      return {
        hear: (message) => hear(connection, message),
        lost: over,
      };
    },
    lead(newer) {
      if (newer <= epoch) return;
      epoch = newer;
      for (const connection of connections) if (connection.presence !== undefined) greetUnder(connection);
    },
    refuse(reason) {
      refusal = reason;
      if (reason !== undefined) for (const connection of [...connections]) connection.hangUp(reason);
    },
    streams: () => connections.size,
    flush: () => books.flush(),
    async close() {
      stopWatching();
      for (const connection of [...connections])
        connection.hangUp(failure('unreachable', 'the coordinator is being stopped', { retryable: true }));
      await books.flush();
    },
  };
}
