// Whether a rollback restores the database or keeps it. What an installer has certainly not changed is kept, so that nothing
// written since the backup is put aside for nothing; in doubt it is restored, since the present one is kept beside it, while
// rows that a newer version has changed would stay unseen. Pure.
import { type DatabaseState, notedIn, stateText } from '../checks/database-noted.ts';
import type { RunState } from '../sequencer/state.ts';
import type { databaseWays } from './database-ways.ts';

export interface DatabaseFacts {
  state: RunState;
  parts: { part: string; complete: boolean; schemaDigest: string }[];
  /** What the database is now; absent where it could not be read. */
  databaseNow?: DatabaseState;
  /** What somebody has asked for. */
  database?: (typeof databaseWays)[number];
}

export type DatabaseWay =
  /** `hasSchema`: that of the backup, so that `keep` may be asked for. */
  | { way: 'restore'; hasSchema: boolean }
  /** `noted`: nothing was written since; null where it is kept on somebody's word. */
  | { way: 'keep'; schemaDigest: string; noted: string | null }
  /** `keep` was asked for and cannot be. */
  | { way: 'refused'; why: string };

export function databaseWay({ state, parts, databaseNow, database: wanted }: DatabaseFacts): DatabaseWay {
  const before = parts.find(({ part, complete }) => part === 'database' && complete)?.schemaDigest ?? '';
  const hasSchema = before !== '' && databaseNow?.schemaDigest === before;
  if (wanted === 'restore') return { way: 'restore', hasSchema };
  const noted = notedBefore(state);
  if (hasSchema && databaseNow !== undefined && noted === stateText(databaseNow))
    return { way: 'keep', schemaDigest: before, noted };
  if (wanted === undefined) return { way: 'restore', hasSchema };
  if (hasSchema) return { way: 'keep', schemaDigest: before, noted: null };
  const why =
    databaseNow === undefined
      ? 'it could not be read'
      : before === ''
        ? 'its backup does not say what its schema was'
        : 'its schema is no longer that of the backup, and the previous version may not work with another one';
  return { way: 'refused', why: `the database cannot be kept: ${why}; leave --database keep out` };
}

/** As it was read first, before any installer of the run had started on the master. */
function notedBefore({ items }: RunState): string | undefined {
  const results = Object.values(items).flatMap(({ firstPass }) => firstPass?.results ?? []);
  return results.flatMap(({ id, reading }) => (id === 'database-noted' ? (notedIn(reading) ?? []) : []))[0];
}
