// Who the operators are and what each may do: a table on the bus, in memory for the check of every call. What changes here
// counts from the next call on. It issues nothing and asks nobody; coordinator/operator/operators.ts does.
import { ok, type Result } from '../../shared/failures.ts';
import type { Bus } from '../bus/bus.ts';
import { openStore, type Stored } from '../bus/store.ts';
import { update } from '../fleet/tables.ts';
import type { OperatorRole } from './roles.ts';

export interface OperatorRecord {
  name: string;
  role: OperatorRole;
  /** Of the one certificate that counts. */
  serial: string;
  issuedAtMs: number;
  issuedBy: string;
  validToMs: number;
  /** 0 when it is not. */
  revokedAtMs: number;
}

export interface Operators {
  /** What somebody with this certificate may do; undefined when it is not the one of that name, or revoked. */
  roleOf(name: string, serial: string): OperatorRole | undefined;
  /** Of the certificate of that name; empty where there is none. */
  serialOf(name: string): string;
  list(): Promise<Result<OperatorRecord[]>>;
  /** Writes what `change` makes of a record, which may refuse; durable and effective here when it says ok. */
  change(
    name: string,
    change: (old: OperatorRecord | undefined) => Result<OperatorRecord>,
  ): Promise<Result<OperatorRecord>>;
  /** Reads the whole table: after it nothing that was written before is missed. */
  refresh(): Promise<Result<void>>;
  stop(): void;
}

/** Knows all operators when it resolves. */
export async function openOperators(bus: Bus): Promise<Result<Operators>> {
  const opened = await openStore<OperatorRecord>(bus, 'operators');
  if (!opened.ok) return opened;
  const store = opened.value;
  const known = new Map<string, Stored<OperatorRecord>>();
  const learn = (stored: Stored<OperatorRecord> | undefined) => {
    if (stored !== undefined && stored.revision > (known.get(stored.key)?.revision ?? 0)) known.set(stored.key, stored);
  };
  const refresh = async (): Promise<Result<void>> => {
    const all = await store.list();
    if (!all.ok) return all;
    for (const stored of all.value) learn(stored);
    return ok(undefined);
  };

  // Watched first and listed then: what is written in between is in one of the two.
  const watching = await store.watch((_, stored) => learn(stored));
  if (!watching.ok) return watching;
  const listed = await refresh();
  if (!listed.ok) return listed;

  return ok({
    roleOf(name, serial) {
      const record = known.get(name)?.value;
      return record?.serial === serial && record.revokedAtMs === 0 ? record.role : undefined;
    },
    serialOf: (name) => known.get(name)?.value.serial ?? '',
    async list() {
      const all = await store.list();
      return all.ok ? ok(all.value.map(({ value }) => value)) : all;
    },
    async change(name, change) {
      const changed = await update(store, name, change);
      if (!changed.ok) return changed;
      const stored = await store.get(name);
      if (!stored.ok) return stored;
      learn(stored.value);
      return changed;
    },
    refresh,
    stop: watching.value,
  });
}
