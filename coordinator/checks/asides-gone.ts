// What a run has set aside of a node's servers is removed. What others have set aside does not matter.
import { z } from 'zod';
import { formatSize } from '../../shared/units.ts';
import { defineCheck, judgeEach } from './define.ts';

export const asidesGone = defineCheck({
  id: 'asides-gone',
  title: 'Set-aside servers are removed',
  section: 'beyond the guide: what a recovery or a rollback has kept is given up',
  severity: 'blocking',
  remedy: 'Look what still uses the directory on the node (fuser -vm), then baton run retry.',
  params: z.strictObject({ node: z.string(), run: z.string() }),
  words: ({ node, run }) => `${node}: nothing that ${run} has set aside is left`,
  *evaluate({ node, run }) {
    return yield* judgeEach([node], { kind: 'readServers' }, `nothing set aside by ${run}`, (list) => {
      const left = list.asides.filter((aside) => aside.run === run);
      if (left.length === 0) return { reading: 'nothing is left', verdict: 'pass' };
      const told = left.map(({ directory, bytes }) => `${directory} (${formatSize(bytes)})`);
      return { reading: told.join(', '), verdict: 'fail' };
    });
  },
});
