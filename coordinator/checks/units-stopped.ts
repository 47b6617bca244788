// Services are stopped on a node, and systemd knows them: a misspelt name is not a stopped service.
import { z } from 'zod';
import { defineCheck, judgeEach } from './define.ts';
import { describeUnit, isStopped, missingUnits } from './unit-state.ts';

export const unitsStopped = defineCheck({
  id: 'units-stopped',
  title: 'Services are stopped',
  section: 'Step 2 › Verify Service Status',
  severity: 'blocking',
  remedy: 'Stop them with systemctl stop on the node; one that does not stop tells why in journalctl -u.',
  params: z.strictObject({ node: z.string(), units: z.array(z.string()).min(1) }),
  words: ({ node, units }) => `${node}: ${units.join(', ')} stopped`,
  *evaluate({ node, units }) {
    return yield* judgeEach([node], { kind: 'readUnits', units }, 'stopped', (states) => {
      const wrong = [
        ...states.units.filter((unit) => !isStopped(unit)).map(describeUnit),
        ...missingUnits(states, units),
      ];
      if (wrong.length > 0) return { reading: wrong.join('; '), verdict: 'fail' };
      return { reading: `${units.join(', ')} stopped`, verdict: 'pass' };
    });
  },
});
