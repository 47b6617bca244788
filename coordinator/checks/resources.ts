// Memory and load of the nodes, before and after the work: warns only; the thresholds are the site's (limits.memoryFree, limits.load).
import { z } from 'zod';
import { formatSize } from '../../shared/units.ts';
import { defineCheck, judgeEach, passIf } from './define.ts';

export const resources = defineCheck({
  id: 'resources',
  title: 'System resources',
  section: 'Step 4: Performance Monitoring › System Resources',
  severity: 'warning',
  remedy: 'Look at top and free on the node; right after a start the load may still fall.',
  params: z.strictObject({ nodes: z.array(z.string()).min(1) }),
  words: ({ nodes }) => `${nodes.join(', ')}: memory and load as usual (warns only)`,
  *evaluate({ nodes }, { cluster: { limits } }) {
    // A plan of an earlier version has no such limits.
    const { memoryFreeShare = 0.05, loadPerCpu = 4 } = limits;
    const limit = `≥ ${Math.round(memoryFreeShare * 1000) / 10} % memory available, load ≤ ${loadPerCpu} per CPU`;
    return yield* judgeEach(nodes, { kind: 'readNode' }, limit, (facts) => ({
      reading: `${formatSize(facts.memoryAvailableBytes)} of ${formatSize(facts.memoryBytes)} available, load ${facts.load1m.toFixed(1)} on ${facts.cpus} CPUs`,
      verdict: passIf(
        facts.memoryAvailableBytes >= memoryFreeShare * facts.memoryBytes &&
          facts.load1m <= loadPerCpu * Math.max(1, facts.cpus),
      ),
    }));
  },
});
