// Exactly one of the configured observer units exists, runs, and not as root. The guide calls it ha and ha-observer; two of
// them would be two that fail over.
import { z } from 'zod';
import { nodeOf } from '../cluster/cluster.ts';
import { defineCheck, judgeEach } from './define.ts';
import { describeUnit, isActive, isInstalled } from './unit-state.ts';

export const observerUnit = defineCheck({
  id: 'observer-unit',
  title: 'There is one observer, and it is not root',
  section: 'Pre-Upgrade Requirements › 2. Stop the Observer Service: systemctl status ha',
  severity: 'blocking',
  remedy:
    'systemctl list-units --all on the observer shows its name; observer.units in the cluster file names it, User= in the unit its user.',
  params: z.strictObject({}),
  words: (_params, cluster) =>
    `${nodeOf(cluster, 'observer').name}: one of ${cluster.observer.units.join(', ')} exists, is active and runs as a user other than root`,
  *evaluate(_params, { cluster }) {
    const { units } = cluster.observer;
    const node = nodeOf(cluster, 'observer').name;
    return yield* judgeEach([node], { kind: 'readUnits', units }, 'one unit, active, not root', (answer) => {
      const there = answer.units.filter(isInstalled);
      if (there.length === 0) return { reading: `none of ${units.join(', ')} exists`, verdict: 'fail' };
      const told = there.map((unit) => `${describeUnit(unit)}, as ${unit.user === '' ? 'root' : unit.user}`).join('; ');
      if (there.length > 1) return { reading: `${there.length} of them exist: ${told}`, verdict: 'fail' };
      const isRoot = there.some(({ user }) => ['', 'root', '0'].includes(user));
      return { reading: told, verdict: there.every(isActive) && !isRoot ? 'pass' : 'fail' };
    });
  },
});
