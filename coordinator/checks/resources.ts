// Memory and load of the nodes after the work: warns only, since thresholds are a matter of the site.
import { z } from 'zod';
import { formatSize } from '../../shared/units.ts';
import { defineCheck, judgeEach, passIf } from './define.ts';

const memoryFreeShareMin = 0.05;
const loadPerCpuMax = 4;

export const resources = defineCheck({
  id: 'resources',
  title: 'System resources',
  section: 'Step 4: Performance Monitoring › System Resources',
  severity: 'warning',
  remedy: 'Look at top and free on the node; right after a start the load may still fall.',
  params: z.strictObject({ nodes: z.array(z.string()).min(1) }),
  words: ({ nodes }) => `${nodes.join(', ')}: memory and load as usual (warns only)`,
  *evaluate({ nodes }) {
    const limit = `≥ ${memoryFreeShareMin * 100} % memory available, load ≤ ${loadPerCpuMax} per CPU`;
    return yield* judgeEach(nodes, { kind: 'readNode' }, limit, (facts) => ({
      reading: `${formatSize(facts.memoryAvailableBytes)} of ${formatSize(facts.memoryBytes)} available, load ${facts.load1m.toFixed(1)} on ${facts.cpus} CPUs`,
      verdict: passIf(
        facts.memoryAvailableBytes >= memoryFreeShareMin * facts.memoryBytes &&
          facts.load1m <= loadPerCpuMax * Math.max(1, facts.cpus),
      ),
    }));
  },
});
