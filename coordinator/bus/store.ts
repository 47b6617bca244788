// A small typed table in the bus: one JSON value per key, changed by compare-and-set. For what is looked up (clusters,
// nodes, tokens, presence); what must never change is journaled instead.
import type { KvEntry } from '@nats-io/kv';
import { errors } from '@nats-io/transport-node';
import { ok, type Result } from '../../shared/failures.ts';
import { canonicalJson } from '../../shared/hash.ts';
import type { Bus } from './bus.ts';
import { busFailure } from './failure.ts';

export interface Stored<T> {
  key: string;
  value: T;
  revision: number;
}

export interface Store<T> {
  get(key: string): Promise<Result<Stored<T> | undefined>>;
  /** Writes; with `revision` only if that is still the newest one (`conflict` otherwise). Gives the new revision. */
  put(key: string, value: T, revision?: number): Promise<Result<number>>;
  /** Writes only if the key is not there (`conflict` otherwise). */
  create(key: string, value: T): Promise<Result<number>>;
  /** Removes; with `revision` only if that is still the newest one. Removing what is not there succeeds. */
  delete(key: string, revision?: number): Promise<Result<void>>;
  keys(): Promise<Result<string[]>>;
  list(): Promise<Result<Stored<T>[]>>;
  /** Tells every present entry and then each change; `undefined` when it was removed. Gives how to stop. */
  watch(listener: (key: string, stored: Stored<T> | undefined) => void): Promise<Result<() => void>>;
}

/** Beyond the limit that single requests have: what waits for a server that is gone would wait for ever. */
const attemptWithinMs = 12_000;

/** Opens a table, made when it is not there. Names: letters, digits, `-`, `_`. Keys: also `.`, `/`, `=`. */
export async function openStore<T>(
  bus: Bus,
  name: string,
  options: { storage?: 'file' | 'memory'; ttlMs?: number } = {},
): Promise<Result<Store<T>>> {
  const what = `table ${name}`;
  try {
    const kv = await bus.openKv(name, {
      history: 1,
      storage: options.storage ?? 'file',
      replicas: bus.replicas,
      // A read after a write must see it, also on a cluster of servers.
      allow_direct: false,
      ...(options.ttlMs === undefined ? {} : { ttl: options.ttlMs }),
    });

    const attempt = async <V>(key: string, act: () => Promise<V>): Promise<Result<V>> => {
      try {
        return ok(await within(attemptWithinMs, act()));
      } catch (error) {
        return { ok: false, failure: busFailure(error, `${what}, ${key}`) };
      }
    };
    const storedIn = (entry: KvEntry | null): Stored<T> | undefined =>
      entry === null || entry.operation !== 'PUT'
        ? undefined
        : { key: entry.key, value: entry.json<T>(), revision: entry.revision };
    const list = async (): Promise<Stored<T>[]> => {
      const names: string[] = [];
      for await (const name of await kv.keys()) names.push(name);
      const entries = await Promise.all(names.sort().map((name) => kv.get(name)));
      return entries.map(storedIn).filter((stored) => stored !== undefined);
    };

    return ok({
      get: (key) => attempt(key, async () => storedIn(await kv.get(key))),
      put: (key, value, revision) =>
        attempt(key, () => kv.put(key, canonicalJson(value), revision === undefined ? {} : { previousSeq: revision })),
      create: (key, value) => attempt(key, () => kv.create(key, canonicalJson(value))),
      delete: (key, revision) =>
        attempt(key, () => kv.delete(key, revision === undefined ? {} : { previousSeq: revision })),
      keys: () => attempt('keys', async () => (await list()).map(({ key }) => key)),
      list: () => attempt('list', list),
      watch: (listener) =>
        attempt('watch', async () => {
          const changes = await kv.watch();
          void (async () => {
            for await (const entry of changes) listener(entry.key, storedIn(entry));
          })();
          return () => changes.stop();
        }),
    });
  } catch (error) {
    return { ok: false, failure: busFailure(error, what) };
  }
}

async function within<T>(limitMs: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new errors.TimeoutError()), limitMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
