// Serials of revoked certificates, in memory for the check of every call, and told to all coordinators by the bus.
import { ok, type Result } from '../../shared/failures.ts';
import type { Store } from '../bus/store.ts';
import type { RevokedRecord } from './tables.ts';

export interface Revocations {
  has(serial: string): boolean;
  /** Durable and effective here when it says ok. Twice is once. */
  add(serial: string, record: RevokedRecord): Promise<Result<void>>;
  /** Tells each serial once, when it is revoked here or elsewhere. */
  onRevoked(listener: (serial: string, record: RevokedRecord) => void): void;
  stop(): void;
}

/** Knows all revoked serials when it resolves. */
export async function openRevocations(store: Store<RevokedRecord>): Promise<Result<Revocations>> {
  const serials = new Set<string>();
  const listeners: ((serial: string, record: RevokedRecord) => void)[] = [];
  const learn = (serial: string, record: RevokedRecord) => {
    if (serials.has(serial)) return;
    serials.add(serial);
    for (const listener of listeners) listener(serial, record);
  };

  // Watched first and listed then: what is revoked in between is in one of the two.
  const watching = await store.watch((serial, stored) => {
    if (stored) learn(serial, stored.value);
  });
  if (!watching.ok) return watching;
  const all = await store.list();
  if (!all.ok) return all;
  for (const { key, value } of all.value) learn(key, value);

  return ok({
    has: (serial) => serials.has(serial),
    async add(serial, record) {
      const created = await store.create(serial, record);
      if (!created.ok && created.failure.code !== 'conflict') return created;
      learn(serial, record);
      return ok(undefined);
    },
    onRevoked: (listener) => void listeners.push(listener),
    stop: watching.value,
  });
}
