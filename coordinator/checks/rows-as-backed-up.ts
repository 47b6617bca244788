// A restored database holds as many rows of the tables that count as its backup did in its own snapshot.
import { z } from 'zod';
import { answerOf, isFailure } from './check.ts';
import { defineCheck, type Finding, notRead, passIf } from './define.ts';

/** Counting a large table. */
const countTimeoutMs = 60_000;

export const rowsAsBackedUp = defineCheck({
  id: 'rows-as-backed-up',
  title: 'Rows are those of the backup',
  section: 'Rollback to Previous Version › Restore from Backup',
  severity: 'blocking',
  remedy: 'Something writes into the database, or the restore left out rows: stop what writes, then baton run retry.',
  params: z.strictObject({ node: z.string(), directory: z.string(), backup: z.string() }),
  words: ({ node, backup }, { database }) =>
    `${node}: ${database.parity.join(', ')} hold as many rows as the backup ${backup} says`,
  *evaluate({ node, directory, backup }, { cluster }) {
    const { name: database, parity: tables } = cluster.database;
    const results = yield [
      { node, action: { kind: 'readBackups' as const, directory }, timeoutMs: countTimeoutMs },
      { node, action: { kind: 'countRows' as const, database, tables }, timeoutMs: countTimeoutMs },
    ];
    const limit = `as many rows as in ${directory}/${backup}`;
    const list = answerOf(results[0], 'readBackups');
    if (isFailure(list)) return [notRead(node, limit, list)];
    const counted = answerOf(results[1], 'countRows');
    if (isFailure(counted)) return [notRead(node, limit, counted)];
    const part = list.parts.find((one) => one.backup === backup && one.part === 'database' && one.complete);
    if (part === undefined) return [{ node, limit, reading: 'the backup is not there', verdict: 'fail' }];
    return part.rows.map(({ table, rows }): Finding => {
      const now = counted.tables.find((one) => one.table === table)?.rows;
      const told = { node, limit: `${table}: ${rows} rows` };
      if (now === undefined)
        return { ...told, reading: 'was not counted: database.parity does not name it', verdict: 'unknown' };
      return { ...told, reading: `${now} rows`, verdict: passIf(now === rows) };
    });
  },
});
