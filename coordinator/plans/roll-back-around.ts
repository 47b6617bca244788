// What stands around every way back: the right database looked at first, failover suspended or kept so, and what a run has
// left of its own verification removed.
import { minutes, seconds } from '../../shared/units.ts';
import { failoverSuspended } from '../checks/failover-suspended.ts';
import { fileGone } from '../checks/file-gone.ts';
import { masterIsPrimary } from '../checks/master-is-primary.ts';
import { observerQuiet } from '../checks/observer-quiet.ts';
import { type Cluster, nodeOf } from '../cluster/cluster.ts';
import { observerIsQuiet } from './failover.ts';
import { gate, noUndo, step, type Unphased } from './items.ts';
import { observerMs, requestMs } from './predictions.ts';
import { appNodes } from './preflight.ts';
import type { WayBack } from './way-back.ts';

/** The guide's section. */
export const guide = 'Rollback to Previous Version';

export function rightPrimary(): Unphased {
  return gate(`beyond the guide: what was written last is on the primary, whoever that is now`, {
    id: 'preflight.primary',
    title: 'The master’s database is the primary',
    checks: [masterIsPrimary.ref({})],
  });
}

/** Stop Observer Service, or keep it stopped. */
export function suspend(cluster: Cluster, { mayBeArmed }: Pick<WayBack, 'mayBeArmed'>): Unphased[] {
  const section = `${guide} › Stop Observer Service`;
  const { units } = cluster.observer;
  return [
    ...(mayBeArmed ? [observerIsQuiet('Pre-Upgrade Requirements › 1. Monitor HA Observer Logs')] : []),
    step(section, {
      id: 'suspend-failover',
      title: 'Suspend failover, or keep it suspended: stop and mask the observer',
      deviation: 'also masked, so that neither a reboot nor a habit starts it in the middle of the work',
      node: nodeOf(cluster, 'observer').name,
      action: { kind: 'suspendFailover', units, leaseMs: cluster.limits.suspensionMs },
      timeoutMs: minutes(2),
      before: mayBeArmed ? [observerQuiet.ref({})] : [],
      then: [failoverSuspended.ref({})],
      until: 'arm-failover',
      undo: noUndo(
        'failover stays suspended: nothing may fail over to what is half restored; baton failover arm arms it',
      ),
      predictedMs: observerMs,
    }),
  ];
}

/** The run’s own test file, where it did not come to remove it. */
export function removeTestFile(cluster: Cluster, { testFile }: Pick<WayBack, 'testFile'>): Unphased[] {
  if (testFile === undefined) return [];
  const [master] = appNodes(cluster);
  return [
    step('FileDB Sync Check › Test File Synchronization (removed again)', {
      id: 'verify.remove-file',
      title: `Remove the test file of the run on ${master}`,
      node: master,
      action: { kind: 'removeTestFile', ...testFile },
      timeoutMs: seconds(60),
      then: [fileGone.ref({ path: testFile.path })],
      thenWithinMs: seconds(60),
      until: 'end',
      undo: noUndo('the file was Baton’s own'),
      predictedMs: requestMs,
    }),
  ];
}
