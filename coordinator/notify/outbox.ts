// Notices on their way: kept on the bus until each channel has taken them, so that a coordinator that takes over sends on;
// of one event there is one entry, whoever tells it again. What cannot be delivered is retried for hours, then said to be
// given up. It never holds up who tells.
import { randomUUID } from 'node:crypto';
import type { Clock } from '../../shared/clock.ts';
import { ok, type Result } from '../../shared/failures.ts';
import { sha256Hex } from '../../shared/hash.ts';
import type { Log } from '../../shared/log.ts';
import { hours, minutes, seconds } from '../../shared/units.ts';
import type { Audit } from '../audit/audit.ts';
import type { Bus } from '../bus/bus.ts';
import { openStore, type Store } from '../bus/store.ts';
import type { ClusterStore } from '../cluster/cluster-store.ts';
import { type Channel, channelsOf, type Deliver, placeOf } from './deliver.ts';
import { type Message, toMessage } from './message.ts';
import type { Notice, Notifier } from './notice.ts';
import { isDue, nextTryMs } from './retries.ts';

/** One notice; a channel that has taken it, or was given up, is not among them any more. */
export interface Entry {
  message: Message;
  left: Partial<Record<Channel, { tries: number; nextAtMs: number }>>;
}

export type NoticeTable = Pick<Store<Entry>, 'get' | 'create' | 'put' | 'list' | 'delete'>;

export const openNoticeTable = (bus: Bus): Promise<Result<NoticeTable>> => openStore<Entry>(bus, 'notices');

export interface Outbox extends Notifier {
  /** Sends until the signal. */
  keep(signal: AbortSignal): Promise<void>;
}

/** Told and not on the bus yet; more than this in a burst, or while the bus is gone, are dropped, which is said. */
export const waitingMax = 200;
/** On the bus and not delivered. */
export const pendingMax = 500;
/** So long it is remembered what was told: a takeover tells again what happened within a day. */
const rememberedMs = hours(48);
const busAgainMs = seconds(5);
const tidyEveryMs = hours(1);

export function createOutbox(parts: {
  table: NoticeTable;
  clusters: Pick<ClusterStore, 'get'>;
  deliver: Deliver;
  audit: Pick<Audit, 'record'>;
  clock: Clock;
  log: Log;
}): Outbox {
  const { table, clusters, deliver, audit, clock, log } = parts;
  const waiting: Message[] = [];
  const pending = new Map<string, Entry>();
  /** Those that this process is done with, whatever an answer of the bus that is older or was lost says. */
  const over = new Set<string>();
  const busy = new Set<string>();
  let bell = Promise.withResolvers<void>();
  const ring = (): void => bell.resolve();

  const record = ({ cluster, subject }: Message, how: string, outcome: 'done' | 'failed'): void =>
    audit.record({ who: 'notifier', what: 'notify', detail: `${cluster}: “${subject}” ${how}`, outcome });

  const hold = (key: string, entry: Entry): void => {
    if (!isOver(entry) && !pending.has(key) && !over.has(key)) pending.set(key, entry);
  };
  const settle = (key: string): void => {
    pending.delete(key);
    over.add(key);
  };

  /** From memory to the bus; false where the bus has to be asked again. */
  const takeIn = async (): Promise<boolean> => {
    for (let next = waiting[0]; next !== undefined; next = waiting[0]) {
      const cluster = await clusters.get(next.cluster);
      if (!cluster.ok && cluster.failure.code !== 'not-found') return false;
      const notify = cluster.ok ? cluster.value.notify : undefined;
      if (notify?.events.includes(next.kind)) {
        const left = Object.fromEntries(channelsOf(notify).map((one) => [one, { tries: 0, nextAtMs: 0 }]));
        const entry: Entry = { message: next, left };
        const created = await table.create(keyOf(next), entry);
        // A bus that is full is what people have to be told of: from memory then.
        if (created.ok || created.failure.code === 'no-space') hold(keyOf(next), entry);
        else if (created.failure.code !== 'conflict') return false;
        else {
          // Told before; or what made it here had no answer, or its maker has died since.
          const there = await table.get(keyOf(next));
          if (!there.ok) return false;
          if (there.value !== undefined) hold(there.value.key, there.value.value);
        }
      }
      waiting.shift();
    }
    return true;
  };

  const attempt = async (key: string, entry: Entry, channel: Channel, signal: AbortSignal): Promise<void> => {
    const { message, left } = entry;
    const tries = (left[channel]?.tries ?? 0) + 1;
    const cluster = await clusters.get(message.cluster);
    const notify = cluster.ok ? cluster.value.notify : undefined;
    const sent = notify?.[channel] === undefined ? undefined : await deliver(channel, notify, message, signal);
    if (signal.aborted && sent?.ok !== true) return;
    const to = notify === undefined ? channel : placeOf(channel, notify);
    if (sent === undefined) {
      // Taken out of the cluster file: nobody is to be told there any more.
      if (cluster.ok || cluster.failure.code === 'not-found') delete left[channel];
      else left[channel] = { tries, nextAtMs: clock.nowMs() + busAgainMs };
    } else if (sent.ok) {
      delete left[channel];
      record(message, `told to ${to}`, 'done');
    } else {
      const nowMs = clock.nowMs();
      const nextAtMs = sent.failure.retryable ? nextTryMs(tries, message.atMs, nowMs) : undefined;
      const why = sent.failure.message;
      if (nextAtMs === undefined) {
        delete left[channel];
        record(message, `was not told to ${to}, given up after ${tries} tries: ${why}`, 'failed');
      } else {
        left[channel] = { tries, nextAtMs };
        if (tries === 1) record(message, `not told to ${to} yet, it is tried again: ${why}`, 'failed');
        else log.warn('a notice is not delivered yet', { cluster: message.cluster, to, tries, reason: why });
      }
    }
    if (isOver(entry)) settle(key);
    const kept = await table.put(key, entry);
    if (!kept.ok) log.warn('what became of a notice could not be kept', { reason: kept.failure.message });
  };

  const startDue = (signal: AbortSignal): void => {
    for (const [key, entry] of [...pending].toSorted(([, a], [, b]) => a.message.atMs - b.message.atMs))
      for (const [name, { nextAtMs }] of Object.entries(entry.left)) {
        const channel = name as Channel;
        const line = `${entry.message.cluster} ${channel}`;
        // One at a time: a server that is slow is not asked twice at once.
        if (busy.has(line) || !isDue(nextAtMs, clock.nowMs())) continue;
        busy.add(line);
        void attempt(key, entry, channel, signal)
          .catch((error: unknown) => log.error('a bug ended the sending of a notice', { error: String(error) }))
          .finally(() => {
            busy.delete(line);
            ring();
          });
      }
  };

  const tidy = async (): Promise<Result<void>> => {
    const all = await table.list();
    if (!all.ok) return all;
    for (const { key, value } of all.value) {
      hold(key, value);
      // What became of it could not be kept then.
      if (over.has(key) && !isOver(value)) await table.put(key, { ...value, left: {} });
      if (!isOver(value) || clock.nowMs() - value.message.atMs <= rememberedMs) continue;
      await table.delete(key);
      over.delete(key);
    }
    return ok(undefined);
  };

  /** What is too much: the oldest go. */
  const shed = async (): Promise<void> => {
    while (pending.size > pendingMax) {
      const [oldest] = [...pending].toSorted(([, a], [, b]) => a.message.atMs - b.message.atMs);
      if (oldest === undefined) return;
      const [key, { message }] = oldest;
      settle(key);
      record(message, `was not told: more than ${pendingMax} notices wait`, 'failed');
      await table.put(key, { message, left: {} });
    }
  };

  const nextWakeMs = (): number => {
    const nowMs = clock.nowMs();
    const times = [...pending.values()].flatMap(({ message, left }) =>
      Object.entries(left).flatMap(([channel, { nextAtMs }]) =>
        busy.has(`${message.cluster} ${channel}`) ? [] : [nextAtMs - nowMs],
      ),
    );
    return Math.max(100, Math.min(minutes(1), ...times));
  };

  return {
    tell(notice: Notice) {
      try {
        const message = toMessage(notice, notice.id ?? randomUUID(), clock.nowMs());
        const { kind, cluster, run, subject } = message;
        if (waiting.length >= waitingMax) return record(message, 'was not told: too many notices at once', 'failed');
        log.info('notice', { kind, cluster, ...(run !== undefined && { run }), subject });
        waiting.push(message);
        ring();
      } catch (error) {
        log.error('a bug kept a notice from being told', { error: String(error) });
      }
    },
    async keep(signal) {
      let tidyAtMs = clock.monotonicMs();
      while (!signal.aborted) {
        bell = Promise.withResolvers<void>();
        let pauseMs = busAgainMs;
        try {
          const isTidy = clock.monotonicMs() < tidyAtMs || (await tidy()).ok;
          if (isTidy && clock.monotonicMs() >= tidyAtMs) tidyAtMs = clock.monotonicMs() + tidyEveryMs;
          const isTakenIn = await takeIn();
          if (isTidy) {
            await shed();
            startDue(signal);
          }
          if (isTakenIn && isTidy) pauseMs = nextWakeMs();
        } catch (error) {
          log.error('a bug kept notices from being sent', { error: String(error) });
        }
        const timer = new AbortController();
        const over = AbortSignal.any([signal, timer.signal]);
        await Promise.race([
          pauseMs === busAgainMs ? clock.sleep(pauseMs, over) : bell.promise,
          clock.sleep(pauseMs, over),
        ]);
        timer.abort('woken');
      }
      // Those of the last moment are sent by whoever leads next.
      await takeIn().catch(() => false);
    },
  };
}

const isOver = ({ left }: Entry): boolean => Object.keys(left).length === 0;

const keyOf = ({ id, cluster }: Message): string => sha256Hex(`${cluster} ${id}`).slice(0, 40);
