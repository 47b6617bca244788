// PostgreSQL runs and answers. Debian's postgresql.service is an umbrella that is active even when every database is
// down, so an active unit alone is never enough. Where the unit's name has the version in it, the version that answers says
// which unit is meant, and no unit of another version may be active beside it.
import { z } from 'zod';
import type { AnswerOf } from '../../shared/actions/action.ts';
import { type Cluster, nodeOf } from '../cluster/cluster.ts';
import { databaseUnits } from '../cluster/database-units.ts';
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
    const units = [...databaseUnits(cluster).values()];
    const results = yield nodes.flatMap((node) => [
      { node, action: { kind: 'readUnits', units } as const, timeoutMs: readingTimeoutMs },
      { node, action: { kind: 'readNode' } as const, timeoutMs: readingTimeoutMs },
    ]);
    return nodes.map((node, index): Finding => {
      const states = answerOf(results[2 * index], 'readUnits');
      const facts = answerOf(results[2 * index + 1], 'readNode');
      if (isFailure(states)) return notRead(node, limit, states);
      if (isFailure(facts)) return notRead(node, limit, facts);
      return { node, limit, ...judge(cluster, states.units, facts.postgresqlMajor) };
    });
  },
});

type Unit = AnswerOf<'readUnits'>['units'][number];

function judge(cluster: Cluster, states: Unit[], major: number): Pick<Finding, 'reading' | 'verdict'> {
  const units = databaseUnits(cluster);
  const stateOf = (unit: string) => states[[...units.values()].indexOf(unit)];
  const unit = units.get(0) ?? units.get(major);
  if (unit === undefined) {
    const active = states.filter(isActive).map(describeUnit);
    const which = active.length === 0 ? `none of ${[...units.values()].join(', ')} is active` : active.join(', ');
    const answers = major === 0 ? 'no PostgreSQL answers' : `PostgreSQL ${major} answers, which is not supported`;
    return { reading: `${which}; ${answers}`, verdict: 'fail' };
  }
  const state = stateOf(unit);
  if (state === undefined) return { reading: `${unit} not told of`, verdict: 'unknown' };
  if (!isActive(state)) return { reading: describeUnit(state), verdict: 'fail' };
  if (major === 0) return { reading: `${describeUnit(state)}, but no PostgreSQL answers`, verdict: 'fail' };
  const others = states.filter((one) => one !== state && isActive(one));
  if (others.length > 0)
    return {
      reading: `${describeUnit(state)}, PostgreSQL ${major} answers, but ${others.map(describeUnit).join(', ')} runs beside it`,
      verdict: 'fail',
    };
  return { reading: `${describeUnit(state)}, PostgreSQL ${major} answers`, verdict: 'pass' };
}
