// The newest backup on the nodes is whole and was read again from the disk not long ago: evidence expires.
import { z } from 'zod';
import { formatDuration } from '../../shared/units.ts';
import { backupNodes, partsOf } from '../backups/parts.ts';
import { backupsIn, describeBackup, type PresentPart, partsIn } from '../backups/present.ts';
import { answerOf, isFailure } from './check.ts';
import { defineCheck, type Finding, notRead } from './define.ts';

const readingTimeoutMs = 30_000;

export const backupRecent = defineCheck({
  id: 'backup-recent',
  title: 'Backups are recent and verified',
  section: 'Performance Optimization › Monitoring and Maintenance › Backup Scheduling',
  severity: 'warning',
  remedy: 'baton backup take takes one, baton backup verify reads it again.',
  params: z.strictObject({}),
  words: (_params, { backup }) =>
    `a whole backup, verified within ${formatDuration(backup?.verifiedWithinMs ?? 0)} (warns only)`,
  *evaluate(_params, { cluster, nowMs }) {
    const { backup } = cluster;
    if (backup === undefined)
      return [{ node: '', limit: 'the key backup in the cluster file', reading: 'is not set', verdict: 'fail' }];
    const limit = `whole, verified within ${formatDuration(backup.verifiedWithinMs)}`;
    const nodes = backupNodes(cluster, backup);
    const action = { kind: 'readBackups' as const, directory: backup.directory };
    const results = yield nodes.map((node) => ({ node, action, timeoutMs: readingTimeoutMs }));
    const present: PresentPart[] = [];
    const unread: Finding[] = [];
    for (const [index, node] of nodes.entries()) {
      const list = answerOf(results[index], 'readBackups');
      if (isFailure(list)) unread.push(notRead(node, limit, list));
      else present.push(...partsIn(node, list));
    }
    if (unread.length > 0) return unread;
    const finding = (reading: string, verdict: Finding['verdict']): Finding[] => [
      { node: nodes.join(', '), limit, reading, verdict, remedy: remedyFor(cluster.cluster) },
    ];
    const asked = partsOf(cluster, backup);
    const whole = backupsIn(present).find((one) => {
      const { state } = describeBackup(one, asked, []);
      return state === 'verified' || state === 'complete';
    });
    if (whole === undefined) return finding('there is no whole backup', 'fail');
    const ago = (atMs: number) => `${formatDuration(Math.max(0, nowMs - atMs))} ago`;
    const verifiedAtMs = Math.min(...whole.parts.map((part) => part.verifiedAtMs));
    const taken = `${whole.backup} taken ${ago(whole.takenAtMs)}`;
    if (verifiedAtMs === 0) return finding(`${taken}, never verified`, 'fail');
    const reading = `${taken}, verified ${ago(verifiedAtMs)}`;
    return finding(reading, nowMs - verifiedAtMs <= backup.verifiedWithinMs ? 'pass' : 'fail');
  },
});

const remedyFor = (cluster: string): string =>
  `baton backup take ${cluster} takes one, baton backup verify ${cluster} latest reads it again; backup.schedule in the cluster file takes one regularly.`;
