// The digest of a database's schema as shell words: what pg_dump tells of it, without what differs from one call to the next.
// In a backup it is taken in the backup's own snapshot, later by itself, so that both can be held against each other.
import type { NodeProfile, Program } from '../command.ts';
import { shellQuote } from '../shell-quote.ts';
import { databaseFunctions, serverMajor } from './script.ts';

/** For scripts with the database's functions and `bin`: prints the digest of `$database`. */
export const schemaDigest = (more = ''): string =>
  `as_database "$bin/pg_dump" "\${server[@]}" -w --schema-only ${more}"$database" | sed -E '/^(--.*|\\\\(un)?restrict .*)?$/d' | sha256sum | cut -c 1-64`;

/** By itself, for a reading. */
export const readSchemaDigest = (database: string, profile: NodeProfile): Program => ({
  by: 'program',
  argv: [
    ...['bash', '-euo', 'pipefail', '-c'],
    [
      ...databaseFunctions(profile),
      `database=${shellQuote(database)}`,
      serverMajor,
      'find_programs "$major"',
      schemaDigest(),
    ].join('\n'),
  ],
});
