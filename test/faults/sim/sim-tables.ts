// Tables of the simulated NATS server as the client of the real one shows them: get, put, create, delete, keys, watch.
import type { BusServer, Entry, Table } from './bus-server.ts';
import type { SimProcess } from './process.ts';

export type Payload = string | Uint8Array;
const decoder = new TextDecoder();

export const bytesOf = (data: Payload): Uint8Array => (typeof data === 'string' ? Buffer.from(data) : data);

export async function* listed<T>(list: Promise<T[]>): AsyncGenerator<T> {
  for (const one of await list) yield one;
}

export function kvOf(
  server: BusServer,
  name: string,
  table: Table,
  process: SimProcess,
  read: <T>(answer: () => T) => Promise<T>,
  write: <T>(what: string, act: () => T) => Promise<T>,
) {
  // Presence is written with every heartbeat and worth nothing: no boundary.
  const change = <T>(key: string, act: () => T): Promise<T> =>
    table.isMemory ? read(act) : write(`put ${name}${name === 'run-heads' ? '' : ` ${key}`}`, act);
  const entryOf = (entry: Entry) => ({ ...entry, json: () => JSON.parse(decoder.decode(entry.data)) as unknown });
  const previousIn = (options: { previousSeq?: number }) => options.previousSeq;
  return {
    get: (key: string) => read(() => optional(table.entries.get(key), entryOf)),
    put: (key: string, data: Payload, options: { previousSeq?: number } = {}) =>
      change(key, () => server.put(table, key, bytesOf(data), 'PUT', previousIn(options))),
    create: (key: string, data: Payload) => change(key, () => server.put(table, key, bytesOf(data), 'PUT', 0)),
    delete: (key: string, options: { previousSeq?: number } = {}) =>
      change(key, () => void server.put(table, key, new Uint8Array(), 'DEL', previousIn(options))),
    keys: () =>
      read(() => {
        const keys = [...table.entries.values()].filter(({ operation }) => operation === 'PUT').map(({ key }) => key);
        return listed(Promise.resolve(keys));
      }),
    watch: () => read(() => watchOf(table, process, entryOf)),
  };
}

/** Entries that are there, then those that come. */
function watchOf<E>(table: Table, process: SimProcess, entryOf: (entry: Entry) => E) {
  const queue: Entry[] = [...table.entries.values()];
  let wake = (): void => undefined;
  let isStopped = false;
  const hear = (entry: Entry): void =>
    process.enter(() => {
      queue.push(entry);
      wake();
    });
  table.watchers.add(hear);
  const stop = (): void => {
    isStopped = true;
    table.watchers.delete(hear);
    wake();
  };
  process.onDeath(() => void table.watchers.delete(hear));
  async function* entries() {
    while (!isStopped) {
      const entry = queue.shift();
      if (entry !== undefined) yield entryOf(entry);
      else
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
    }
  }
  return Object.assign(entries(), { stop });
}

const optional = <T, U>(value: T | undefined, make: (value: T) => U): U | null =>
  value === undefined ? null : make(value);
