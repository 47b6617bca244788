// The systemd units of PostgreSQL that a cluster file means: one, or one for each supported version where the name has it.
import type { Cluster } from './cluster.ts';

/** By major version, the unit's name; under 0 where the version is no part of it. */
export function databaseUnits({ database, supported }: Cluster): ReadonlyMap<number, string> {
  if (!database.unit.includes('{major}')) return new Map([[0, database.unit]]);
  return new Map(supported.postgresql.map((major) => [major, database.unit.replaceAll('{major}', String(major))]));
}
