// What the cluster's services need is installed: systemd knows every unit, and the database's programs are there.
import { z } from 'zod';
import { answerOf, isFailure } from './check.ts';
import { defineCheck, notRead, passIf } from './define.ts';
import { isInstalled, missingUnits } from './unit-state.ts';

const readingTimeoutMs = 15_000;

export const dependenciesThere = defineCheck({
  id: 'dependencies-there',
  title: 'Dependencies are installed',
  section: 'Cluster Recovery › Verify Dependencies',
  severity: 'blocking',
  remedy:
    'Install what is missing on the node (the packages of the same versions as on the other one), then look again.',
  params: z.strictObject({
    node: z.string(),
    units: z.array(z.string()).min(1),
    /** 0 where the node has no database. */
    major: z.number(),
  }),
  words: ({ node, units, major }) =>
    `${node}: ${units.join(', ')} installed${major > 0 ? `, and the programs of PostgreSQL ${major}` : ''}`,
  *evaluate({ node, units, major }) {
    const limit = `${units.join(', ')}${major > 0 ? `, PostgreSQL ${major}` : ''}`;
    const [unitsRead, serversRead] = yield [
      { node, action: { kind: 'readUnits', units }, timeoutMs: readingTimeoutMs },
      ...(major > 0 ? [{ node, action: { kind: 'readServers' } as const, timeoutMs: readingTimeoutMs }] : []),
    ];
    const states = answerOf(unitsRead, 'readUnits');
    if (isFailure(states)) return [notRead(node, limit, states)];
    const missing = [
      ...states.units.filter((unit) => !isInstalled(unit)).map(({ unit }) => `${unit} not installed`),
      ...missingUnits(states, units),
    ];
    if (major > 0) {
      const list = answerOf(serversRead, 'readServers');
      if (isFailure(list)) return [notRead(node, limit, list)];
      if (!list.installedMajors.includes(major))
        missing.push(`PostgreSQL ${major} not installed (${list.installedMajors.join(', ') || 'none'} is)`);
    }
    const reading = missing.length > 0 ? missing.join('; ') : 'all of it';
    return [{ node, limit, reading, verdict: passIf(missing.length === 0) }];
  },
});
