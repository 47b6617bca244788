// Extensions, settings, access rules, roles, rows and answers of the server in service are those that were written down.
import { z } from 'zod';
import { defineCheck, judgeEach, longReadingTimeoutMs } from './define.ts';

const tellMax = 5;

export const serverAsBefore = defineCheck({
  id: 'server-as-before',
  title: 'The PostgreSQL server is as it was',
  section: 'Database Upgrade Steps › Standalone PostgreSQL Upgrade Guide',
  severity: 'blocking',
  remedy:
    'Correct on the node what differs (the record before is right), then baton run retry; or go back while that is free.',
  params: z.strictObject({
    node: z.string(),
    record: z.string(),
    /** Clients have written since, so that rows and answers say nothing. */
    withoutContent: z.boolean().optional(),
  }),
  words: ({ node, record, withoutContent = false }, { database }) => {
    const { parity, queries } = database;
    const data = withoutContent ? [] : [...parity, ...queries.map((name) => `the answers of ${name}`)];
    const facts = ['extensions', 'pg_hba', 'settings', 'roles', 'databases', 'checksums', ...data];
    return `${node}: ${facts.join(', ')} are as ${record} recorded them`;
  },
  *evaluate({ node, record, withoutContent = false }, { cluster }) {
    const action = {
      kind: 'compareServer',
      record,
      database: cluster.database.name,
      ...(withoutContent && { withoutContent }),
    } as const;
    const limit = `as recorded by ${record}`;
    return yield* judgeEach(
      [node],
      action,
      limit,
      ({ differences, expected, facts }) => {
        if (differences.length > 0) return { reading: sayFew(differences), verdict: 'fail' };
        if (facts === 0) return { reading: 'nothing was compared', verdict: 'unknown' };
        const more = expected.length > 0 ? `; as expected: ${sayFew(expected)}` : '';
        return { reading: `${facts} facts are equal${more}`, verdict: 'pass' };
      },
      longReadingTimeoutMs,
    );
  },
});

function sayFew(sentences: string[]): string {
  const rest = sentences.length - tellMax;
  return `${sentences.slice(0, tellMax).join('; ')}${rest > 0 ? `; and ${rest} more` : ''}`;
}
