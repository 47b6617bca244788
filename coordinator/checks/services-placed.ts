// Services start where they belong when a machine starts again: on the master all of them, on the standby none, since two web
// servers, or file synchronization in the wrong direction, are what a restart of the standby would bring.
import { z } from 'zod';
import type { AnswerOf } from '../../shared/actions/action.ts';
import { type Cluster, nodeOf } from '../cluster/cluster.ts';
import { answerOf, isFailure } from './check.ts';
import { defineCheck, type Finding, notRead } from './define.ts';
import { describeUnit, isActive, isInstalled, isStopped } from './unit-state.ts';

const readingTimeoutMs = 15_000;
type Unit = AnswerOf<'readUnits'>['units'][number];

export const servicesPlaced = defineCheck({
  id: 'services-placed',
  title: 'Services are where they belong',
  section: 'Step 3: Upgrade Standby › managed by the HA service; FileDB Sync Check › stopped on the Standby',
  severity: 'blocking',
  remedy: 'systemctl disable --now the service on the standby; systemctl enable it on the master.',
  params: z.strictObject({}),
  words: (_params, cluster) =>
    `${unitsOf(cluster).join(', ')} stopped and not started at boot on ${nodeOf(cluster, 'standby', 'app').name}`,
  *evaluate(_params, { cluster }) {
    const units = unitsOf(cluster);
    const master = nodeOf(cluster, 'master', 'app').name;
    const standby = nodeOf(cluster, 'standby', 'app').name;
    const results = yield [master, standby].map((node) => ({
      node,
      action: { kind: 'readUnits' as const, units },
      timeoutMs: readingTimeoutMs,
    }));
    return [master, standby].map((node, index): Finding => {
      const limit = node === master ? 'started at boot' : 'stopped, not started at boot';
      const answer = answerOf(results[index], 'readUnits');
      if (isFailure(answer)) return notRead(node, limit, answer);
      if (answer.units.length < units.length)
        return {
          node,
          limit,
          reading: `${units.slice(answer.units.length).join(', ')} not told of`,
          verdict: 'unknown',
        };
      return { node, limit, ...(node === master ? judgeMaster(answer.units) : judgeStandby(answer.units, node)) };
    });
  },
});

const unitsOf = ({ application, web, files }: Cluster): string[] => [...application.units, web.unit, files.unit];

const startsAtBoot = ({ unitFileState }: Unit): boolean => unitFileState.startsWith('enabled');

function judgeMaster(units: Unit[]): Pick<Finding, 'reading' | 'verdict' | 'remedy'> {
  const not = units.filter(
    (unit) => !startsAtBoot(unit) && !['static', 'indirect', 'generated'].includes(unit.unitFileState),
  );
  if (not.length === 0) return { reading: `${units.length} services start at boot`, verdict: 'pass' };
  const names = not.map(({ unit }) => unit);
  // HA software may start them itself: it is no harm to the upgrade.
  return {
    reading: `not started at boot: ${not.map(({ unit, unitFileState }) => `${unit} (${unitFileState || 'unknown'})`).join(', ')}`,
    verdict: 'warn',
    remedy: `systemctl enable ${names.join(' ')} on the master, unless the HA software starts them.`,
  };
}

function judgeStandby(units: Unit[], node: string): Pick<Finding, 'reading' | 'verdict' | 'remedy'> {
  const running = units.filter((unit) => isActive(unit) || (isInstalled(unit) && !isStopped(unit)));
  const enabled = units.filter(startsAtBoot);
  const wrong = [
    ...running.map(describeUnit),
    ...enabled.map(({ unit, unitFileState }) => `${unit} ${unitFileState}, so it would start at boot`),
  ];
  if (wrong.length === 0) return { reading: `${units.length} services stopped and not enabled`, verdict: 'pass' };
  const names = [...new Set([...running, ...enabled].map(({ unit }) => unit))];
  return {
    reading: wrong.join('; '),
    verdict: 'fail',
    remedy: `systemctl disable --now ${names.join(' ')} on ${node}.`,
  };
}
