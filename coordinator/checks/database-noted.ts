// What the application's database is before an installer starts is noted, so that a rollback can tell later whether
// anything of it was changed since. Passes wherever it can be read.
import { z } from 'zod';
import { nodeOf } from '../cluster/cluster.ts';
import { defineCheck, judgeEach, longReadingTimeoutMs } from './define.ts';

/** As much of a digest as is told. */
const told = 16;

export interface DatabaseState {
  schemaDigest: string;
  writtenDigest: string;
}

/** In a reading; parsed by `notedIn`. */
export const stateText = ({ schemaDigest, writtenDigest }: DatabaseState): string =>
  `schema ${schemaDigest.slice(0, told)}, written ${writtenDigest.slice(0, told)}`;

/** What a reading has noted; undefined where it is none. */
export function notedIn(reading: string): string | undefined {
  return /schema [0-9a-f]{16}, written [0-9a-f]{16}/.exec(reading)?.[0];
}

export const databaseNoted = defineCheck({
  id: 'database-noted',
  title: 'Database before the installer is noted',
  section: 'beyond the guide: a database that no installer has changed need not be restored',
  severity: 'blocking',
  remedy: 'Make the database answer on the master (its log, baton-agent status), then baton run retry.',
  params: z.strictObject({}),
  words: (_params, { database }) => `the schema of ${database.name} can be read, and what was written to it`,
  *evaluate(_params, { cluster }) {
    const { name: database } = cluster.database;
    const action = { kind: 'readDatabaseState' as const, database };
    const limit = `${database} can be read`;
    return yield* judgeEach(
      [nodeOf(cluster, 'master', 'db').name],
      action,
      limit,
      (state) => ({ reading: stateText(state), verdict: 'pass' }),
      longReadingTimeoutMs,
    );
  },
});
