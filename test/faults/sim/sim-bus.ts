// The connection of one process to the simulated NATS server, behind the interface that the coordinator has of the real
// one; as far as the coordinator uses it. Its errors are those of the real client.
import { errors, type Msg, type MsgHdrs } from '@nats-io/transport-node';
import type { Bus } from '../../../coordinator/bus/bus.ts';
import { sha256Hex } from '../../../shared/hash.ts';
import type { JournalHead } from '../judge/evidence.ts';
import { type BusServer, matches, type Publishing, type StoredMessage } from './bus-server.ts';
import { type Director, type Fate, lateMs } from './director.ts';
import type { SimProcess } from './process.ts';
import { bytesOf, kvOf, listed, type Payload } from './sim-tables.ts';
import type { Time } from './time.ts';

type Callback = (error: Error | null, message: Msg) => void;

interface Subscription {
  pattern: string;
  process: SimProcess;
  callback: Callback;
}

const latencyMs = 1;
const timeoutMs = 10_000;
const messageFates: readonly Fate[] = ['lose', 'twice', 'late'];
const commandFates: readonly Fate[] = [...messageFates, 'held'];
const decoder = new TextDecoder();

/** What all connections share: the server, and who listens to core NATS. */
export class SimNats {
  readonly server: BusServer;
  readonly subscriptions = new Set<Subscription>();
  /** Heads that a coordinator was told of as journaled. */
  readonly acknowledged: JournalHead[] = [];
  /** Keeps a message back until its node has heard of a newer leader. */
  hold: (node: string, pass: () => void) => void = () => undefined;
  private readonly time: Time;
  private readonly director: Director;

  constructor(server: BusServer, time: Time, director: Director) {
    this.server = server;
    this.time = time;
    this.director = director;
  }

  private noteAcknowledged(subject: string, sequence: number, data: Payload): void {
    const run = /^baton\.run\.(.+)$/.exec(subject)?.[1];
    if (run !== undefined) this.acknowledged.push({ run, sequence, hash: sha256Hex(bytesOf(data)) });
  }

  connect(process: SimProcess): Bus {
    const { server, time, director, subscriptions } = this;
    let isClosed = false;
    let asked: { atTurn: number; answers: (() => void)[] } | undefined;
    process.onDeath(() => {
      for (const one of [...subscriptions]) if (one.process === process) subscriptions.delete(one);
    });

    /** A request to the server that changes nothing: nothing befalls it. Those of one moment are answered together. */
    const read = <T>(answer: () => T): Promise<T> =>
      new Promise((resolve, reject) => {
        if (asked?.atTurn !== time.happened) {
          const together = { atTurn: time.happened, answers: [] as (() => void)[] };
          time.in(latencyMs, () => process.enter(() => together.answers.forEach((one) => void one())));
          asked = together;
        }
        asked.answers.push(() => settle(answer, resolve, reject));
      });

    /** A write: it may be lost on its way, its answer too; it may come twice, or so late that nobody waits any more. */
    const write = <T>(what: string, act: () => T): Promise<T> =>
      new Promise((resolve, reject) => {
        if (process.isDead) return;
        const fate = director.at(what, 'before', messageFates);
        if (process.isDead) return;
        let isAnswered = false;
        const { timesPutBack } = server;
        const arrive = (isFirst: boolean): void => {
          if (server.timesPutBack !== timesPutBack) return;
          let outcome: () => T;
          try {
            const value = act();
            outcome = () => value;
          } catch (error) {
            outcome = () => {
              throw error;
            };
          }
          if (!isFirst || process.isDead || isAnswered) return;
          const answerFate = director.at(what, 'after', ['lose', 'late']);
          if (answerFate === 'lose') {
            giveUpLater();
            return;
          }
          const answer = (): void => {
            if (isAnswered) return;
            isAnswered = true;
            process.enter(() => settle(outcome, resolve, reject));
          };
          if (answerFate === 'late') giveUpLater();
          time.in(answerFate === 'late' ? lateMs : latencyMs, answer);
        };
        const giveUpLater = (): void => {
          void time.in(timeoutMs, () => {
            if (isAnswered) return;
            isAnswered = true;
            process.enter(() => reject(new errors.TimeoutError()));
          });
        };
        if (fate === 'lose') return giveUpLater();
        if (fate === 'late') giveUpLater();
        time.in(fate === 'late' ? lateMs : latencyMs, () => arrive(true));
        if (fate === 'twice') time.in(latencyMs + 1, () => arrive(false));
      });

    const publishCore = (subject: string, data: Payload): void => {
      if (process.isDead) return;
      // Progress and heartbeats are made to be lost.
      const isCounted = subject.startsWith('baton.outcome.') || subject.startsWith('baton.opened.');
      const fate = isCounted
        ? director.at(`tell ${kindOf(subject)}`, 'before', messageFates, nodeOf(subject))
        : 'go on';
      if (process.isDead || fate === 'lose') return;
      const deliver = (): void => {
        this.deliver(subject, bytesOf(data));
      };
      time.in(fate === 'late' ? lateMs : latencyMs, deliver);
      if (fate === 'twice') time.in(latencyMs + 1, deliver);
    };

    const request = (subject: string, data: Payload, options: { timeout: number }): Promise<Msg> =>
      new Promise((resolve, reject) => {
        if (process.isDead) return;
        const kind = kindOf(subject);
        const fate = director.at(
          `request ${kind}`,
          'before',
          kind === 'command' ? commandFates : messageFates,
          nodeOf(subject),
        );
        if (process.isDead) return;
        let isAnswered = false;
        const giveUp = time.in(options.timeout, () => {
          isAnswered = true;
          process.enter(() => reject(new errors.TimeoutError()));
        });
        const respond = (answer: Payload, more?: { headers?: MsgHdrs }): void => {
          const answerFate = director.at(`answer ${kindOf(subject)}`, 'before', ['lose', 'late'], nodeOf(subject));
          if (answerFate === 'lose') return;
          time.in(answerFate === 'late' ? lateMs : latencyMs, () => {
            if (isAnswered) return;
            isAnswered = true;
            time.callOff(giveUp);
            process.enter(() => resolve(messageOf(subject, bytesOf(answer), more?.headers)));
          });
        };
        const ask = (): void => {
          if (this.deliver(subject, bytesOf(data), respond) > 0 || isAnswered) return;
          isAnswered = true;
          time.callOff(giveUp);
          process.enter(() => reject(new errors.NoRespondersError(subject)));
        };
        if (fate === 'lose') return;
        if (fate === 'held') return this.hold(nodeOf(subject), ask);
        time.in(fate === 'late' ? lateMs : latencyMs, ask);
        if (fate === 'twice') time.in(latencyMs + 1, ask);
      });

    const bus = {
      replicas: 1,
      nc: {
        isClosed: () => isClosed || process.isDead,
        publish: publishCore,
        request,
        subscribe: (pattern: string, { callback }: { callback: Callback }) => {
          const subscription: Subscription = { pattern, process, callback };
          if (!process.isDead) subscriptions.add(subscription);
          return { unsubscribe: () => void subscriptions.delete(subscription) };
        },
      },
      js: {
        publish: (subject: string, data: Payload, publishing: Publishing = {}) =>
          write(`append ${describe(subject, data)}`, () => server.publish(subject, bytesOf(data), publishing)).then(
            (ack) => {
              this.noteAcknowledged(subject, ack.seq, data);
              return ack;
            },
          ),
        consumers: {
          get: (name: string, options: { opt_start_seq: number }) =>
            read(() => consumerOf(server, name, options.opt_start_seq, process, time)),
        },
      },
      jsm: {
        streams: {
          add: ({ name, subjects }: { name: string; subjects: string[] }) =>
            read(() => server.addStream(name, subjects)),
          info: (name: string) =>
            read(() => ({ state: { last_seq: server.stream(name).messages.length, first_seq: 1 } })),
          getMessage: (name: string, query: { seq: number } | { last_by_subj: string }) =>
            read(() => {
              const { messages } = server.stream(name);
              const found =
                'seq' in query
                  ? messages[query.seq - 1]
                  : messages.findLast(({ subject }) => subject === query.last_by_subj);
              return found === undefined ? null : stored(found);
            }),
          names: (filter: string) => listed(read(() => server.streamNames(filter))),
        },
      },
      openKv: (name: string, { storage }: { storage?: string }) =>
        read(() => kvOf(server, name, server.openTable(name, storage === 'memory'), process, read, write)),
      close: async () => {
        isClosed = true;
        for (const one of [...subscriptions]) if (one.process === process) subscriptions.delete(one);
      },
    };
    return bus as unknown as Bus;
  }

  /** Hands a message to everybody who listens; gives how many. */
  private deliver(subject: string, data: Uint8Array, respond?: (answer: Payload, more?: object) => void): number {
    const heard = [...this.subscriptions].filter(({ pattern }) => matches(pattern, subject));
    for (const { process, callback } of heard)
      process.enter(() => callback(null, { ...messageOf(subject, data), ...(respond && { respond }) } as Msg));
    return heard.length;
  }
}

function settle<T>(make: () => T, resolve: (value: T) => void, reject: (error: unknown) => void): void {
  try {
    resolve(make());
  } catch (error) {
    reject(error);
  }
}

function consumerOf(server: BusServer, name: string, from: number, process: SimProcess, time: Time) {
  const stream = server.stream(name);
  return {
    async consume({ callback }: { callback: (message: ReturnType<typeof stored>) => void }) {
      const tell = (message: StoredMessage): void =>
        void time.in(latencyMs, () => process.enter(() => callback(stored(message))));
      for (const message of stream.messages.slice(from - 1)) tell(message);
      stream.listeners.add(tell);
      process.onDeath(() => void stream.listeners.delete(tell));
      return { stop: () => void stream.listeners.delete(tell) };
    },
  };
}

function stored({ seq, subject, data }: StoredMessage) {
  const string = (): string => decoder.decode(data);
  return { seq, subject, data, string, json: () => JSON.parse(string()) as unknown };
}

function messageOf(subject: string, data: Uint8Array, headers?: MsgHdrs): Msg {
  const string = (): string => decoder.decode(data);
  return { subject, data, string, json: () => JSON.parse(string()) as unknown, headers } as unknown as Msg;
}

/** baton.node.n1.command is `command`, baton.outcome.n1 is `outcome`. */
const kindOf = (subject: string): string => subject.split('.')[subject.startsWith('baton.node.') ? 3 : 1] ?? '';
const nodeOf = (subject: string): string => subject.split('.')[2] ?? '';

/** What an append is about, without anything that differs from one repetition to the next. */
function describe(subject: string, data: Payload): string {
  if (subject.startsWith('baton.artefact.')) return 'artefact';
  if (typeof data !== 'string') return subject;
  const said = JSON.parse(data) as { type?: string; fact?: { type: string; item?: string; phase?: string } };
  const { fact } = said;
  return fact === undefined ? (said.type ?? subject) : [fact.type, fact.item, fact.phase].filter(Boolean).join(' ');
}
