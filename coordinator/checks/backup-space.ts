// Enough room for a backup where it is to be written: what there is to back up is measured, what this run has already
// written is not asked for twice.
import { z } from 'zod';
import { formatSize } from '../../shared/units.ts';
import { partsIn } from '../backups/present.ts';
import { answerOf, isFailure, type Reading } from './check.ts';
import { defineCheck, type Finding, longReadingTimeoutMs, notRead, passIf } from './define.ts';

/** An archive has headers, and what is backed up grows meanwhile. */
const growth = 1.1;
/** A scratch cluster holds the restored database, its indexes built anew, and its log. */
const scratch = 1.5;
/** Of the file system: a machine whose disk is filled to the brim has other troubles than its backup. */
const spareShare = 0.05;

const task = z.strictObject({
  node: z.string(),
  part: z.string(),
  paths: z.array(z.string()),
  excludes: z.array(z.string()),
  database: z.string().nullable(),
});

export const backupSpace = defineCheck({
  id: 'backup-space',
  title: 'Room for the backup',
  section: 'Pre-Upgrade Requirements › Disk Space: for upgrade packages and backups',
  severity: 'blocking',
  remedy:
    'Free or add space there, name another backup.directory, or keep fewer (backup.keep in the cluster file counts from the next backup on).',
  neverAccepted: 'a backup that fills the disk is none, and stops what writes there',
  params: z.strictObject({
    directory: z.string(),
    backup: z.string(),
    tasks: z.array(task).min(1),
    trialRestore: z.boolean(),
  }),
  words: ({ directory, tasks }) =>
    `${nodesOf(tasks).join(', ')}: room in ${directory} for what is backed up there, measured`,
  *evaluate({ directory, backup, tasks, trialRestore }) {
    const nodes = nodesOf(tasks);
    const readings: Reading[] = [
      ...nodes.map((node) => ({ node, action: { kind: 'readBackups' as const, directory }, timeoutMs: listTimeoutMs })),
      ...tasks.map(({ node, paths, excludes, database }) => ({
        node,
        action: { kind: 'measureBackup' as const, directory, paths, excludes, ...(database !== null && { database }) },
        timeoutMs: longReadingTimeoutMs,
      })),
    ];
    const results = yield readings;

    return nodes.map((node, index): Finding => {
      const limit = `≥ what is to be backed up, a tenth more, and ${100 * spareShare} % to spare`;
      const list = answerOf(results[index], 'readBackups');
      if (isFailure(list)) return notRead(node, limit, list);
      if (list.unfit !== '')
        return { node, limit: 'on a disk, in no server’s data', reading: list.unfit, verdict: 'fail' };
      const own = partsIn(node, list).filter((part) => part.backup === backup);
      let bytes = 0;
      let neededBytes = 0;
      for (const [position, one] of tasks.entries()) {
        if (one.node !== node || own.some(({ part, isComplete }) => part === one.part && isComplete)) continue;
        const size = answerOf(results[nodes.length + position], 'measureBackup');
        if (isFailure(size)) return notRead(node, limit, size);
        bytes += size.filesBytes + size.databaseBytes;
        neededBytes += growth * (size.filesBytes + size.databaseBytes);
        if (trialRestore) neededBytes += scratch * size.databaseBytes;
      }
      // What an earlier attempt left unfinished is removed by the next one.
      const unfinishedBytes = own.reduce((sum, part) => sum + (part.isComplete ? 0 : part.sizeBytes), 0);
      const freeBytes = list.freeBytes + unfinishedBytes;
      const wanted = bytes === 0 ? 0 : neededBytes + spareShare * list.sizeBytes;
      return {
        node,
        limit: `≥ ${formatSize(wanted)} free in ${directory}`,
        reading: `${formatSize(freeBytes)} free, ${formatSize(bytes)} to be backed up`,
        verdict: passIf(freeBytes >= wanted),
      };
    });
  },
});

const listTimeoutMs = 15_000;

const nodesOf = (tasks: { node: string }[]): string[] => [...new Set(tasks.map(({ node }) => node))];
