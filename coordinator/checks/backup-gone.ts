// A backup that was removed is no longer on the node, not even in part.
import { z } from 'zod';
import { partsIn } from '../backups/present.ts';
import { defineCheck, judgeEach, passIf } from './define.ts';

export const backupGone = defineCheck({
  id: 'backup-gone',
  title: 'Old backup is removed',
  section: 'beyond the guide: backups that nobody removes fill the disk',
  severity: 'blocking',
  remedy: 'Look why it cannot be removed (the output of the step says it), or remove the folder by hand.',
  params: z.strictObject({ node: z.string(), directory: z.string(), backup: z.string() }),
  words: ({ node, directory, backup }) => `${node}: no ${directory}/${backup}`,
  *evaluate({ node, directory, backup }) {
    return yield* judgeEach([node], { kind: 'readBackups', directory }, `no ${directory}/${backup}`, (list) => {
      const left = partsIn(node, list).filter((part) => part.backup === backup);
      return {
        reading: left.length === 0 ? 'is gone' : `still has ${left.map(({ part }) => part).join(', ')}`,
        verdict: passIf(left.length === 0),
      };
    });
  },
});
