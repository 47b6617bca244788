// A part of a backup was restored by this very run, to its end. That it was begun, or that some of it is as in the backup,
// is no proof: the agent writes this mark when all of it is done, and takes it away when it begins anew.
import { z } from 'zod';
import { answerOf, isFailure } from './check.ts';
import { defineCheck, type Finding, notRead } from './define.ts';

const readingTimeoutMs = 30_000;

export const partRestored = defineCheck({
  id: 'part-restored',
  title: 'Backup is restored',
  section: 'Rollback to Previous Version › Restore from Backup',
  severity: 'blocking',
  remedy: 'baton run retry restores it anew; it may be done again as often as it takes.',
  params: z.strictObject({
    node: z.string(),
    directory: z.string(),
    backup: z.string(),
    part: z.string(),
    run: z.string(),
  }),
  words: ({ node, part, backup }) => `${node}: ${part} of backup ${backup} was restored to its end by this run`,
  *evaluate({ node, directory, backup, part, run }) {
    const limit = `${part} of ${directory}/${backup} restored by ${run}`;
    const action = { kind: 'readBackups' as const, directory };
    const [result] = yield [{ node, action, timeoutMs: readingTimeoutMs }];
    const list = answerOf(result, 'readBackups');
    if (isFailure(list)) return [notRead(node, limit, list)];
    const found = list.parts.find((one) => one.backup === backup && one.part === part);
    const finding = (reading: string, verdict: Finding['verdict']): Finding[] => [{ node, limit, reading, verdict }];
    if (found === undefined || !found.complete) return finding('the backup is not there', 'fail');
    if (found.restoredBy === undefined || found.restoredBy === '') return finding('not restored to its end', 'fail');
    if (found.restoredBy !== run) return finding(`restored by ${found.restoredBy}`, 'fail');
    return finding('restored to its end', 'pass');
  },
});
