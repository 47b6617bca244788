// PostgreSQL runs and answers. Debian's postgresql.service is an umbrella that is active even when every database is
// down, so an active unit alone is never enough.
import { z } from 'zod';
import { nodeOf } from '../cluster/cluster.ts';
import { answerOf, isFailure } from './check.ts';
import { defineCheck, type Finding, notRead } from './define.ts';
import { describeUnit, isActive } from './unit-state.ts';

const readingTimeoutMs = 15_000;

export const databaseUnitActive = defineCheck({
  id: 'database-unit-active',
  title: 'PostgreSQL runs',
  section: 'Step 3: Service Health Verification › postgresql.service',
  severity: 'blocking',
  remedy: 'Look at systemctl status of the database unit and at the PostgreSQL log on the node.',
  params: z.strictObject({}),
  words: (_params, { database }) => `${database.unit} is active and PostgreSQL answers on both database nodes`,
  *evaluate(_params, { cluster }) {
    const { unit } = cluster.database;
    const nodes = [nodeOf(cluster, 'master', 'db').name, nodeOf(cluster, 'standby', 'db').name];
    const limit = `${unit} active, PostgreSQL answers`;
    const results = yield nodes.flatMap((node) => [
      { node, action: { kind: 'readUnits', units: [unit] } as const, timeoutMs: readingTimeoutMs },
      { node, action: { kind: 'readNode' } as const, timeoutMs: readingTimeoutMs },
    ]);
    return nodes.map((node, index): Finding => {
      const states = answerOf(results[2 * index], 'readUnits');
      const facts = answerOf(results[2 * index + 1], 'readNode');
      if (isFailure(states)) return notRead(node, limit, states);
      if (isFailure(facts)) return notRead(node, limit, facts);
      const [state] = states.units;
      if (state === undefined) return { node, limit, reading: `${unit} not told of`, verdict: 'unknown' };
      if (!isActive(state)) return { node, limit, reading: describeUnit(state), verdict: 'fail' };
      if (facts.postgresqlMajor === 0)
        return { node, limit, reading: `${describeUnit(state)}, but no PostgreSQL answers`, verdict: 'fail' };
      return {
        node,
        limit,
        reading: `${describeUnit(state)}, PostgreSQL ${facts.postgresqlMajor} answers`,
        verdict: 'pass',
      };
    });
  },
});
