// The run's own backup right before the first thing that it cannot take back by itself: whole, verified, and young enough that
// going back to it loses no more than the site has agreed to.
import { z } from 'zod';
import { formatDuration } from '../../shared/units.ts';
import { partsIn } from '../backups/present.ts';
import { answerOf, isFailure } from './check.ts';
import { defineCheck, type Finding, notRead, passIf } from './define.ts';

const readingTimeoutMs = 30_000;

export const backupFresh = defineCheck({
  id: 'backup-fresh',
  title: 'Backup is fresh',
  section: 'Pre-Upgrade Requirements › Database Backup: complete backups before HA upgrades',
  severity: 'blocking',
  remedy:
    'The run has stood too long since: baton run abort arms failover again, then start it anew, which takes another backup. backup.maxAge in the cluster file says how old is too old.',
  params: z.strictObject({
    directory: z.string(),
    backup: z.string(),
    /** The database’s, whose writes are what an old backup loses. */
    node: z.string(),
    maxAgeMs: z.number(),
  }),
  words: ({ node, directory, backup, maxAgeMs }) =>
    `${node}: the database’s backup in ${directory}/${backup} is verified and at most ${formatDuration(maxAgeMs)} old`,
  *evaluate({ directory, backup, node, maxAgeMs }, { nowMs }) {
    const action = { kind: 'readBackups' as const, directory };
    const [result] = yield [{ node, action, timeoutMs: readingTimeoutMs }];
    const limit = `at most ${formatDuration(maxAgeMs)} old`;
    const list = answerOf(result, 'readBackups');
    if (isFailure(list)) return [notRead(node, limit, list)];
    const whole = partsIn(node, list).find((one) => one.backup === backup && one.part === 'database' && one.isComplete);
    const finding = (reading: string, isFresh: boolean): Finding[] => [
      { node, limit, reading, verdict: passIf(isFresh) },
    ];
    if (whole === undefined || whole.verifiedAtMs === 0)
      return finding(whole === undefined ? 'is not there' : 'was not verified', false);
    const ageMs = Math.max(0, nowMs - whole.takenAtMs);
    return finding(`begun ${formatDuration(ageMs)} ago`, ageMs <= maxAgeMs);
  },
});
