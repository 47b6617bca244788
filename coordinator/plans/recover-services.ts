// Of a recovery: services stopped on both nodes and started on the master, the application restored, and files brought
// together before synchronization, which removes from one side what the other lacks, runs again.
import { hours, minutes, seconds } from '../../shared/units.ts';
import { filesMerged } from '../checks/files-merged.ts';
import { partRestored } from '../checks/part-restored.ts';
import { portalAnswers } from '../checks/portal-answers.ts';
import { databaseNodes } from '../checks/server-facts.ts';
import { serverInService } from '../checks/server-in-service.ts';
import { stoodDown } from '../checks/stood-down.ts';
import { unitsActive } from '../checks/units-active.ts';
import { unitsStopped } from '../checks/units-stopped.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { approval, noUndo, step, type Unphased } from './items.ts';
import { serverMs, startUnitMs, stopUnitMs } from './predictions.ts';
import { appNodes } from './preflight.ts';
import { clientAddress, goOn, type RecoverOptions, type Recovery, servicesOf } from './recovery.ts';

const guide = 'Cluster Recovery';
const unitTimeoutMs = minutes(2);
const warmUpMs = seconds(180);
const filesTimeoutMs = hours(12);

/** The standby's node serves nobody: also after a failover has made it the one that does. */
export function standDown(cluster: Cluster, { isServing }: Recovery): Unphased {
  const node = appNodes(cluster)[1];
  const units = servicesOf(cluster).toReversed();
  const address = clientAddress(cluster) ?? '';
  return step(`${guide} › Stop All Services`, {
    id: 'standby.stand-down',
    title: `Take ${node} out of service: its services stopped and not started at boot${address === '' ? '' : `, ${address} given up`}`,
    deviation: 'also disabled, since a failover has enabled them, and the address that clients use taken away',
    node,
    action: { kind: 'standDown', units, address },
    timeoutMs: unitTimeoutMs * units.length,
    then: [stoodDown.ref({ node, units, address })],
    until: 'end',
    undo: goOn('stopped is the steady state of the standby’s services'),
    takesPortalDown: !isServing,
    predictedMs: stopUnitMs * units.length,
  });
}

export function stopOnMaster(cluster: Cluster, { isServing, isMoved }: Recovery): Unphased[] {
  const node = appNodes(cluster)[0];
  const units = servicesOf(cluster).toReversed();
  if (isServing) return [];
  return [
    step(`${guide} › Stop All Services`, {
      id: 'master.stop-services',
      title: `Make sure that the services on ${node} are stopped`,
      node,
      action: { kind: 'stopUnits', units },
      timeoutMs: unitTimeoutMs * units.length,
      then: [unitsStopped.ref({ node, units })],
      until: isMoved ? 'master.take-over' : 'master.start-services',
      undo: goOn('they stay stopped, since what they would work with may be half recovered'),
      takesPortalDown: true,
      predictedMs: stopUnitMs * units.length,
    }),
  ];
}

/** From the backups of a run: both nodes get what they had then. */
export function restoreApplications(cluster: Cluster, { applicationFrom }: RecoverOptions): Unphased[] {
  const { backup } = cluster;
  if (backup === undefined || applicationFrom === undefined) return [];
  const { directory } = backup;
  const part = 'application';
  return appNodes(cluster).map((node, index) =>
    step(`${guide} › Restore from Backup`, {
      id: `${index === 0 ? 'master' : 'standby'}.restore-application`,
      title: `Restore the application on ${node} from the backup ${applicationFrom}`,
      deviation: `${cluster.files.root} is left as it is, so that no file is lost`,
      node,
      action: { kind: 'restoreFiles', directory, backup: applicationFrom, part, excludes: [] },
      timeoutMs: filesTimeoutMs,
      before: [unitsStopped.ref({ node, units: cluster.application.units })],
      then: [partRestored.ref({ node, directory, backup: applicationFrom, part, run: '{{run}}' })],
      until: 'end',
      undo: goOn('what it has replaced was not what the other node had'),
      takesPortalDown: index === 0,
      predictedMs: minutes(1),
    }),
  );
}

/** What only the standby's node has goes to the master; the other direction too, where nothing writes meanwhile. */
export function mergeFiles(cluster: Cluster, { isServing }: Recovery): Unphased[] {
  const [master, standby] = appNodes(cluster);
  const merge = (id: string, node: string, from: string) =>
    step('FileDB Sync Check: in the right direction', {
      id,
      title: `Bring the files to ${node} that only ${from} has, or has newer`,
      deviation: 'nothing is removed: synchronization would remove what its source lacks',
      node,
      action: { kind: 'mergeFiles', root: cluster.files.root, from: addressOf(cluster, from) },
      timeoutMs: filesTimeoutMs,
      then: [filesMerged.ref({ node, from })],
      thenWithinMs: minutes(2),
      until: 'master.start-services',
      undo: goOn('files that were brought over stay: none was removed or replaced by an older one'),
      takesPortalDown: !isServing,
      predictedMs: seconds(20),
    });
  const fromStandby = { ...merge('master.merge-files', master, standby), ...(isServing && { until: 'end' }) };
  return isServing ? [fromStandby] : [fromStandby, merge('standby.merge-files', standby, master)];
}

const addressOf = (cluster: Cluster, node: string): string =>
  cluster.nodes.find(({ name }) => name === node)?.address ?? node;

/** The master serves again: by the HA software's own script where the roles have moved, then service by service. */
export function serveAgain(cluster: Cluster, way: Recovery): Unphased[] {
  const node = appNodes(cluster)[0];
  const { application, web, files } = cluster;
  const units = [...new Set([...application.units, web.unit, files.unit])];
  if (way.isServing) return [];
  return [
    ...(way.isMoved ? takeOver(cluster, way) : []),
    step(`${guide} › Restart Services in proper order`, {
      id: 'master.start-services',
      title: `Start the services on ${node}, in order`,
      node,
      action: { kind: 'startUnits', units },
      timeoutMs: unitTimeoutMs * units.length,
      then: [unitsActive.ref({ node, units, activeForMs: seconds(3) }), portalAnswers.ref({ version: null })],
      thenWithinMs: warmUpMs,
      until: 'end',
      undo: noUndo('services running on the master are where every ending leads'),
      takesPortalDown: true,
      predictedMs: startUnitMs * units.length,
    }),
  ];
}

/** master.sh promotes what is a standby, starts services, takes the clients' address and tells the observer. */
function takeOver(cluster: Cluster, { master, server }: Recovery): Unphased[] {
  const others = databaseNodes(cluster)[0] === appNodes(cluster)[0] ? [] : [appNodes(cluster)[0]];
  const run = (id: string, node: string) =>
    step('Step 2: Upgrade Slave Node › sh master.sh: how the HA software makes a node the master', {
      id,
      title: `Make ${node} the master: /opt/HA/master.sh`,
      node,
      action: { kind: 'runHaScript', script: 'master.sh' },
      timeoutMs: minutes(15),
      then: [serverInService.ref({ node: master, ...server, as: 'primary' })],
      thenWithinMs: minutes(1),
      // It may be a primary already, and who is the primary tells nothing of services and the clients' address.
      thenMayHoldBefore: true,
      until: 'end',
      undo: goOn('a promotion is not taken back'),
      takesPortalDown: true,
      predictedMs: serverMs,
    });
  return [
    ...addressByHand(cluster),
    run('master.take-over', master),
    ...others.map((node) => run('master.take-over-application', node)),
  ];
}

/** Without an address in numbers nobody but a person knows what leads clients to the other node. */
function addressByHand(cluster: Cluster): Unphased[] {
  if (clientAddress(cluster) !== undefined) return [];
  const [master, standby] = appNodes(cluster);
  return [
    approval('beyond the guide: clients must be led to the master alone', {
      id: 'clients-led',
      title: `Clients are not led to ${standby}`,
      question: `${cluster.application.portal.url} names no address that ${standby} could be made to give up. Make sure that it leads to ${master} and not to ${standby} any more, then approve.`,
    }),
  ];
}
