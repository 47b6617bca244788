// Rows of the parity tables: what a job has counted, and how that differs from the backup.
import { readFile } from 'node:fs/promises';
import { fail, ok, type Result } from '../../shared/failures.ts';
import { failureOfSystemCall } from '../platform/system-error.ts';
import { type Manifest, rowsSchema } from './manifest.ts';

/** What psql has printed into a file: sql.ts, countRowsSql. */
export async function readRows(path: string): Promise<Result<Manifest['rows']>> {
  try {
    const parsed = rowsSchema.safeParse(JSON.parse(await readFile(path, 'utf8')));
    return parsed.success ? ok(parsed.data.tables) : fail('unexpected-output', `${path} holds no row counts`);
  } catch (error) {
    if (error instanceof SyntaxError) return fail('unexpected-output', `${path} cannot be read: ${error.message}`);
    return { ok: false, failure: failureOfSystemCall(error, path) };
  }
}

/** How the rows differ; undefined when they are as in the backup. */
export function difference(backedUp: Manifest['rows'], found: Manifest['rows']): string | undefined {
  const now = new Map(found.map(({ table, rows }) => [table, rows]));
  const differing = backedUp.filter(({ table, rows }) => now.get(table) !== rows);
  if (differing.length === 0) return undefined;
  return differing
    .map(({ table, rows }) => `${table} has ${now.get(table) ?? 'no'} rows instead of ${rows}`)
    .join(', ');
}
