// restoreDatabase, returnDatabase, dropDatabase: jobs whose scripts first look how far a former attempt came.
import { join } from 'node:path';
import { partFolder } from '../../shared/actions/jobs/places.ts';
import { outputFolder } from '../../shared/actions/jobs/scripts.ts';
import { fail, failure as failureOf, ok } from '../../shared/failures.ts';
import { markRestored, readIntactManifest } from '../backups/manifest.ts';
import { difference, readRows } from '../backups/rows.ts';
import { failureOfScript } from '../jobs/failures.ts';
import type { Job } from '../jobs/job.ts';
import { isOwnDirectory } from './back-up.ts';
import type { ActionContext } from './context.ts';

const place = (context: ActionContext): string => outputFolder(context.profile, context.key);

export const restoreDatabase: Job<'restoreDatabase'> = {
  name: 'restoring the database',
  async before(action) {
    const own = await isOwnDirectory(action.directory);
    if (!own.ok) return own;
    const manifest = await readIntactManifest(partFolder({ ...action, part: 'database' }));
    if (!manifest.ok) return manifest;
    if (manifest.value.database === action.database) return ok(undefined);
    return fail(
      'not-in-state',
      `the backup ${action.backup} is of ${manifest.value.database}, not of ${action.database}`,
    );
  },
  async finish(action, context, job) {
    const folder = partFolder({ ...action, part: 'database' });
    const manifest = await readIntactManifest(folder);
    if (!manifest.ok) return manifest;
    const { database, aside } = action;
    const rows = await readRows(join(place(context), 'rows.json'));
    if (!rows.ok) return rows;
    const answer = { kind: 'restoreDatabase' as const, database, aside, rows: rows.value, job };
    const differs = difference(manifest.value.rows, rows.value);
    if (differs === undefined) {
      const marked = await markRestored(folder, context.key.run, context.clock.nowMs());
      return marked.ok ? ok(answer) : { ...marked, answer };
    }
    const failure = failureOf(
      'not-in-state',
      `${database} was restored, but ${differs}; what was there before is kept as ${aside}`,
    );
    return { ok: false, failure, answer };
  },
  async fail({ database, aside }, context, job, found) {
    const failure = await failureOfScript(job, found, place(context), undefined);
    return { failure, answer: { kind: 'restoreDatabase', database, aside, rows: [], job } };
  },
};

export const returnDatabase: Job<'returnDatabase'> = {
  name: 'returning to the former database',
  finish: async ({ database, aside }, _context, job) => ok({ kind: 'returnDatabase', database, aside, job }),
  async fail({ database, aside }, context, job, found) {
    const failure = await failureOfScript(job, found, place(context), undefined);
    return { failure, answer: { kind: 'returnDatabase', database, aside, job } };
  },
};

export const dropDatabase: Job<'dropDatabase'> = {
  name: 'dropping the database',
  finish: async ({ database }, _context, job) => ok({ kind: 'dropDatabase', database, job }),
  async fail({ database }, context, job, found) {
    const failure = await failureOfScript(job, found, place(context), undefined);
    return { failure, answer: { kind: 'dropDatabase', database, job } };
  },
};
