// Operator › ListBackups, and the backups that compiling a plan needs: what lies on the nodes, as they say now.
import type { BackupsDocument } from '../../shared/backup-documents.ts';
import { fail, ok, type Result } from '../../shared/failures.ts';
import { backupNodes, partsOf } from '../backups/parts.ts';
import { backupsIn, describeBackup, type PresentPart, partsIn } from '../backups/present.ts';
import { answerOf, isFailure } from '../checks/check.ts';
import { nextTime } from '../cluster/backup-schedule.ts';
import type { BackupPlan, Cluster } from '../cluster/cluster.ts';
import type { Fleet } from '../fleet/fleet.ts';
import type { ScheduleTable } from '../schedule/timer.ts';

const readTimeoutMs = 15_000;

interface NodeBackups {
  node: string;
  parts: PresentPart[];
  freeBytes: number;
  failure?: string;
}

/** Everything that is there; a node that does not answer is named. */
export async function listBackups(
  { fleet, schedules, nowMs }: { fleet: Fleet; schedules: ScheduleTable; nowMs(): number },
  cluster: Cluster,
): Promise<Result<BackupsDocument>> {
  const { backup, cluster: name } = cluster;
  if (backup === undefined)
    return fail(
      'bad-input',
      `cluster ${name} takes no backups: its file has no key backup; see baton cluster template`,
    );
  const nodes = await Promise.all(backupNodes(cluster, backup).map((node) => readNode(fleet, node, backup)));
  const asked = partsOf(cluster, backup);
  const unread = nodes.filter(({ failure }) => failure !== undefined).map(({ node }) => node);
  const schedule = await scheduleOf(schedules, name, backup, nowMs());
  if (!schedule.ok) return schedule;
  return ok({
    schema: 1,
    cluster: name,
    directory: backup.directory,
    keep: backup.keep,
    nodes: nodes.map(({ node, freeBytes, failure }) => ({
      node,
      ...(failure === undefined ? { freeBytes } : { failure }),
    })),
    backups: backupsIn(nodes.flatMap(({ parts }) => parts)).map((present) => describeBackup(present, asked, unread)),
    ...(schedule.value && { schedule: schedule.value }),
  });
}

/** All parts on all nodes; fails where one of them cannot be asked, since a plan must not be made without knowing. */
export async function readBackups(fleet: Fleet, cluster: Cluster): Promise<Result<PresentPart[]>> {
  const { backup } = cluster;
  if (backup === undefined) return ok([]);
  const parts: PresentPart[] = [];
  for (const node of backupNodes(cluster, backup)) {
    const list = answerOf(
      await fleet.read(node, { kind: 'readBackups', directory: backup.directory }, readTimeoutMs),
      'readBackups',
    );
    if (isFailure(list)) return { ok: false, failure: { ...list, message: `${node}: its backups: ${list.message}` } };
    parts.push(...partsIn(node, list));
  }
  return ok(parts);
}

async function readNode(fleet: Fleet, node: string, { directory }: BackupPlan): Promise<NodeBackups> {
  const list = answerOf(await fleet.read(node, { kind: 'readBackups', directory }, readTimeoutMs), 'readBackups');
  if (isFailure(list)) return { node, parts: [], freeBytes: 0, failure: list.message };
  return { node, parts: partsIn(node, list), freeBytes: list.freeBytes };
}

async function scheduleOf(
  schedules: ScheduleTable,
  cluster: string,
  { schedule }: BackupPlan,
  nowMs: number,
): Promise<Result<BackupsDocument['schedule']>> {
  if (schedule === undefined) return ok(undefined);
  const stored = await schedules.get(cluster);
  if (!stored.ok) return stored;
  const next = nextTime(schedule, nowMs);
  const { last, missed = [] } = stored.value?.value ?? {};
  return ok({
    ...schedule,
    ...(next !== undefined && { nextAt: iso(next) }),
    ...(last && { last: { at: iso(last.atMs), run: last.run } }),
    missed: missed.map(({ atMs, why }) => ({ at: iso(atMs), why })),
  });
}

const iso = (timeMs: number): string => new Date(timeMs).toISOString();
