// Both databases hold the same number of rows at one position, also while tickets are being written. A count with a
// snapshot sees only rows of that snapshot, so it can only shrink: what the standby shows at a moment between two
// counts of the primary must lie between them, and where these two are equal it must be equal.
import { z } from 'zod';
import type { ActionOf, AnswerOf } from '../../shared/actions/action.ts';
import type { Failure } from '../../shared/failures.ts';
import { nodeOf } from '../cluster/cluster.ts';
import { isFailure, type Reading, type ReadingResult } from './check.ts';
import { defineCheck, type Finding, readFrom } from './define.ts';

const attemptsMax = 5;
/** Counting a large table, and on the standby waiting until it has replayed. */
const countTimeoutMs = 60_000;
const limit = 'equal at one position';

export const rowsEqual = defineCheck({
  id: 'rows-equal',
  title: 'Row counts are equal',
  section: 'Database Sync Check',
  severity: 'blocking',
  remedy: 'Replication has lost or kept rows: compare the tables on both nodes and rebuild the standby (slave.sh).',
  params: z.strictObject({}),
  words: (_params, { database }) => `${database.parity.join(', ')}: as many rows on the standby as on the primary`,
  *evaluate(_params, { cluster }) {
    const { database } = cluster;
    const primary = nodeOf(cluster, 'master', 'db').name;
    const standby = nodeOf(cluster, 'standby', 'db').name;
    const findings = new Map<string, Finding>();
    const tell = (table: string, verdict: Finding['verdict'], reading: string): void => {
      findings.set(table, { node: standby, limit: `${table}: ${limit}`, reading, verdict });
    };
    for (let attempt = 1; attempt <= attemptsMax; attempt += 1) {
      const open = database.parity.filter(
        (table) => findings.get(table)?.verdict !== 'pass' && findings.get(table)?.verdict !== 'fail',
      );
      if (open.length === 0) break;
      const bracket = yield* takeBracket(
        { kind: 'countRows', database: database.name, tables: open },
        primary,
        standby,
      );
      if (isFailure(bracket)) {
        for (const table of open) tell(table, bracket.code === 'not-in-state' ? 'fail' : 'unknown', bracket.message);
        // The next look begins from the start: what could not be read now is unknown now.
        break;
      }
      for (const table of open) {
        const { before, between, after } = countsOf(table, bracket);
        if (before === undefined || between === undefined || after === undefined)
          tell(table, 'unknown', 'was not counted on both nodes');
        else if (between > before || between < after)
          tell(table, 'fail', `${between} rows on ${standby}, ${range(after, before)} on ${primary}`);
        else if (before === after) tell(table, 'pass', `${between} rows on both`);
        else
          tell(
            table,
            'unknown',
            `rows are being changed: ${range(after, before)} on ${primary}, ${between} on ${standby}`,
          );
      }
    }
    return [...findings.values()];
  },
});

const range = (least: number, most: number): string => (least === most ? `${most}` : `${least} to ${most}`);

interface Bracket {
  before: AnswerOf<'countRows'>;
  between: AnswerOf<'countRows'>;
  after: AnswerOf<'countRows'>;
}

/** Three counts in this order; `not-in-state` when a database is not what the cluster file says. */
function* takeBracket(
  count: ActionOf<'countRows'>,
  primary: string,
  standby: string,
): Generator<Reading[], Bracket | Failure, ReadingResult[]> {
  const before = yield* readFrom(primary, count, countTimeoutMs);
  if (isFailure(before)) return at(primary, before);
  if (before.inRecovery) return wrongState(`${primary} is in recovery, not the primary`);
  const { snapshot, lsn } = before;
  const between = yield* readFrom(standby, { ...count, snapshot, fromLsn: lsn }, countTimeoutMs);
  if (isFailure(between)) return at(standby, between);
  if (!between.inRecovery) return wrongState(`${standby} is not in recovery: two primaries`);
  const after = yield* readFrom(primary, { ...count, snapshot }, countTimeoutMs);
  if (isFailure(after)) return at(primary, after);
  if (after.inRecovery) return wrongState(`${primary} is in recovery, not the primary`);
  return { before, between, after };
}

const at = (node: string, failure: Failure): Failure => ({
  ...failure,
  // Only this file's own finding may say that a state is wrong; an agent's failure is a reading that is missing.
  code: failure.code === 'not-in-state' ? 'unexpected-output' : failure.code,
  message: `${node} not read (${failure.code}): ${failure.message}`,
});

const wrongState = (message: string): Failure => ({ code: 'not-in-state', message, retryable: false, evidence: '' });

function countsOf(table: string, bracket: Bracket): Record<keyof Bracket, number | undefined> {
  const rows = (answer: AnswerOf<'countRows'>) => answer.tables.find((one) => one.table === table)?.rows;
  return { before: rows(bracket.before), between: rows(bracket.between), after: rows(bracket.after) };
}
