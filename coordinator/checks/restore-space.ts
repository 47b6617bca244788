// Room for going back: a database is restored beside the present one, on the primary and, as it streams, on the standby.
import { z } from 'zod';
import { formatSize } from '../../shared/units.ts';
import { type Cluster, nodeOf } from '../cluster/cluster.ts';
import { answerOf, isFailure } from './check.ts';
import { defineCheck, type Finding, notRead, passIf } from './define.ts';

const readingTimeoutMs = 30_000;
/** As restoreDatabase asks for itself. */
const growth = 1.2;
const spareBytes = 256 * 1024 * 1024;

export const restoreSpace = defineCheck({
  id: 'restore-space',
  title: 'Room for going back',
  section: 'Rollback to Previous Version › Restore from Backup (looked at ahead)',
  severity: 'blocking',
  remedy:
    'Add space where the database’s data lies, or drop databases there that nobody needs (baton run finalize drops what a rollback has set aside).',
  neverAccepted: 'without it there is no way back',
  params: z.strictObject({}),
  words: (_params, cluster) =>
    `${nodesOf(cluster).join(', ')}: room to restore ${cluster.database.name} beside the present one`,
  *evaluate(_params, { cluster }) {
    const nodes = nodesOf(cluster);
    const action = { kind: 'measureRestore' as const, database: cluster.database.name };
    const results = yield nodes.map((node) => ({ node, action, timeoutMs: readingTimeoutMs }));
    const rooms = results.map((result) => answerOf(result, 'measureRestore'));
    const [primary] = rooms;
    return nodes.map((node, index): Finding => {
      const room = rooms[index];
      const limit = `≥ ${growth} × the database free beside it`;
      if (isFailure(room)) return notRead(node, limit, room);
      if (isFailure(primary)) return notRead(node, limit, primary);
      if (room === undefined || primary === undefined) throw new Error('a room for each node');
      // Where it is set aside just now, there is nothing to measure, and the restore itself looks again.
      const bytes = primary.databaseBytes;
      const logBytes = heldBack(room.slots, bytes);
      const dataBytes = growth * bytes + spareBytes + (room.isSameDisk ? logBytes : 0);
      const hasLogs = room.isSameDisk || room.logFreeBytes >= logBytes;
      return {
        node,
        limit: `≥ ${formatSize(dataBytes)} free${room.isSameDisk ? '' : `, ${formatSize(logBytes)} for the log of changes`}`,
        reading: `${formatSize(room.dataFreeBytes)} free${room.isSameDisk ? '' : `, ${formatSize(room.logFreeBytes)} for the log of changes`}, the database has ${formatSize(bytes)}`,
        verdict: passIf(room.dataFreeBytes >= dataBytes && hasLogs),
      };
    });
  },
});

/** What a restore writes into the log is about the database; slots keep it until they have it, as far as they may. */
function heldBack(slots: { safeBytes?: number | undefined }[], bytes: number): number {
  return Math.max(0, ...slots.map(({ safeBytes }) => Math.min(bytes, Math.max(0, safeBytes ?? bytes))));
}

const nodesOf = (cluster: Cluster): string[] => [
  nodeOf(cluster, 'master', 'db').name,
  nodeOf(cluster, 'standby', 'db').name,
];
