// Of the backups on a node only those are left that the cluster file asks to be kept.
import { z } from 'zod';
import { outdatedBackups } from '../../shared/outdated-backups.ts';
import { defineCheck, judgeEach, passIf } from './define.ts';

export const backupsPruned = defineCheck({
  id: 'backups-pruned',
  title: 'Old backups are removed',
  section: 'beyond the guide: backups that nobody removes fill the disk',
  severity: 'blocking',
  remedy: 'Look why they cannot be removed (the output of the step says it), or remove their folders by hand.',
  params: z.strictObject({
    node: z.string(),
    directory: z.string(),
    keep: z.number(),
    pins: z.array(z.string()),
    parts: z.array(z.string()),
  }),
  words: ({ node, directory, keep }) => `${node}: no backups in ${directory} beyond the newest ${keep}`,
  *evaluate({ node, directory, ...rule }) {
    const limit = `no backups beyond the newest ${rule.keep}`;
    return yield* judgeEach([node], { kind: 'readBackups', directory }, limit, ({ parts }) => {
      const left = outdatedBackups(parts, rule);
      return {
        reading: left.length === 0 ? 'none is left' : `still has ${left.slice(0, 5).join(', ')}`,
        verdict: passIf(left.length === 0),
      };
    });
  },
});
