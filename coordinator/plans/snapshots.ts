// Guide › Pre-Upgrade Requirements › VM Snapshot, of every machine that the upgrade works on: by the site's own hook, or by
// a person where there is none.
import { minutes, seconds } from '../../shared/units.ts';
import { snapshotState } from '../checks/snapshot-state.ts';
import type { BackupPlan, Cluster } from '../cluster/cluster.ts';
import { approval, noUndo, step, type Unphased } from './items.ts';

const section = 'Pre-Upgrade Requirements › VM Snapshot';

/** The machines that are upgraded: masters and standbys of every tier. */
const machinesOf = (cluster: Cluster): string[] =>
  cluster.nodes.filter(({ role }) => role !== 'observer').map(({ name }) => name);

/** Snapshots of all machines; an approval where the cluster file says nothing of them. */
export function takeSnapshots(cluster: Cluster, { snapshots }: BackupPlan): Unphased[] {
  const machines = machinesOf(cluster);
  if (snapshots === undefined)
    return [
      approval(section, {
        id: 'backup.snapshots',
        title: 'VM snapshots are taken',
        question: `Take a VM snapshot of ${machines.join(', ')} now, then approve. (backup.snapshots in the cluster file names a hook that does it, or says why there are none.)`,
      }),
    ];
  if ('none' in snapshots) return [];
  const { hook, node, timeoutMs } = snapshots;
  return machines.map((machine) =>
    step(section, {
      id: `snapshot.${machine}`,
      title: `Take a VM snapshot of ${machine}`,
      node,
      action: { kind: 'runHook', hook, args: ['create', machine, snapshotOf('{{run}}')] },
      timeoutMs,
      then: [snapshotState.ref({ node, hook, machine, snapshot: snapshotOf('{{run}}'), isThere: true })],
      thenWithinMs: minutes(2),
      until: 'end',
      undo: noUndo('a snapshot disturbs nothing; it goes with the backup of the same name'),
      isHarmless: true,
      predictedMs: seconds(30),
    }),
  );
}

/** The snapshots that were taken with a backup go with it; the hook says yes where there is none. */
export function removeSnapshots(
  cluster: Cluster,
  { snapshots }: BackupPlan,
  backup: string,
  number: number,
): Unphased[] {
  if (snapshots === undefined || 'none' in snapshots) return [];
  const { hook, node, timeoutMs } = snapshots;
  return machinesOf(cluster).map((machine) =>
    step('beyond the guide: snapshots that nobody removes slow machines down', {
      id: `snapshot.${machine}.remove-${number}`,
      title: `Remove the VM snapshot of ${machine} that was taken with ${backup}, if there is one`,
      node,
      action: { kind: 'runHook', hook, args: ['remove', machine, snapshotOf(backup)] },
      timeoutMs,
      then: [snapshotState.ref({ node, hook, machine, snapshot: snapshotOf(backup), isThere: false })],
      thenWithinMs: minutes(2),
      until: 'end',
      undo: noUndo('newer ones are there'),
      isHarmless: true,
      predictedMs: seconds(10),
    }),
  );
}

const snapshotOf = (backup: string): string => `baton-${backup}`;
