// Guide › Pre-Upgrade Requirements, Application Upgrade Steps, Post-Upgrade Verification: reads beside it from top to
// bottom. What varies is a function with a name in the files around.
import type { Cluster } from '../cluster/cluster.ts';
import { backUpBefore, backupIsFresh, noteDatabase, type Present } from './back-up.ts';
import { armFailover, observerIsQuiet, suspendFailover, whileSuspended } from './failover.ts';
import { noUndo, phase } from './items.ts';
import type { PlanItem } from './plan.ts';
import { appNodes, preflight } from './preflight.ts';
import { filesAreStillSame, performanceIsAsBefore } from './preflight-data.ts';
import { verifiedSecurity } from './preflight-node.ts';
import { makeExecutable, type Release, runInstaller, stageRelease } from './release.ts';
import { sanityAfter } from './sanity.ts';
import { startAgain, startServices, stayStopped, stopAgain, stopServices } from './services.ts';
import {
  dataIsSynchronized,
  newVersionAnswers,
  resourcesAreUsual,
  servicesAreHealthy,
  testFileArrives,
  testTicketArrives,
} from './verification.ts';

/** The upgrade of the application on master and standby. */
export function upgradeApplication(
  cluster: Cluster,
  release: Release,
  toVersion: string,
  backups: Present,
): PlanItem[] {
  const [master, standby] = appNodes(cluster);
  const { application } = cluster;
  return [
    ...phase('Preflight', preflight(cluster, { release, toVersion })),

    ...phase(
      'Stage',
      stageRelease('Step 1: Download the Release Build › Copy Installer', [master, standby], release, (node) =>
        node === master ? 'master.install' : 'standby.install',
      ),
    ),

    ...backUpBefore(cluster, backups),

    ...phase('Suspend failover', [
      observerIsQuiet('Pre-Upgrade Requirements › 1. Monitor HA Observer Logs'),
      suspendFailover('Pre-Upgrade Requirements › 2. Stop the Observer Service', cluster, 'arm-failover'),
    ]),

    ...whileSuspended([
      ...phase('Master', [
        ...backupIsFresh(cluster),
        stopServices('Step 2: Upgrade Master › Stop Services, Verify Service Status', application, {
          id: 'master.stop-services',
          title: `Stop the services on ${master}`,
          node: master,
          until: 'master.install',
          undo: startAgain(master, cluster),
          takesPortalDown: true,
        }),
        ...noteDatabase(cluster),
        makeExecutable('Step 2: Upgrade Master › Grant Execute Permissions', 'master', master, release),
        runInstaller('Step 2: Upgrade Master › Run the Installer', 'master', master, cluster, release, toVersion),
        startServices(
          'Step 2: Upgrade Master › Verify Completion',
          master,
          cluster,
          toVersion,
          'the installer is expected to start them; this makes sure, and shows it',
        ),
      ]),

      ...phase('Standby', [
        stopServices('Step 3: Upgrade Standby › same as master: Stop Services', application, {
          id: 'standby.stop-services',
          title: `Make sure that the services on ${standby} are stopped`,
          node: standby,
          until: 'standby.install',
          undo: stopAgain(standby, cluster),
          takesPortalDown: false,
        }),
        makeExecutable('Step 3: Upgrade Standby › same as master: Permissions', 'standby', standby, release),
        runInstaller('Step 3: Upgrade Standby › Run the Installer', 'standby', standby, cluster, release, toVersion),
        stopServices('Step 3: Upgrade Standby › services remain in a stopped state', application, {
          id: 'standby.stop-services-again',
          title: `Stop the services on ${standby} that the installer started`,
          node: standby,
          until: 'end',
          undo: noUndo('stopped is the steady state of the standby’s services'),
          takesPortalDown: false,
        }),
        stayStopped('Step 3: Upgrade Standby › services remain in a stopped state', standby, cluster),
      ]),
    ]),

    ...phase('Arm failover', [armFailover('Post-Upgrade › Step 1: Start Observer Service', cluster)]),

    ...phase('Verify', [
      servicesAreHealthy(cluster),
      ...dataIsSynchronized(),
      filesAreStillSame(cluster),
      ...testTicketArrives(cluster),
      ...testFileArrives(cluster),
      newVersionAnswers(cluster, toVersion),
      ...sanityAfter(cluster, true),
      resourcesAreUsual(cluster),
      ...verifiedSecurity(),
      performanceIsAsBefore(),
    ]),
  ];
}
