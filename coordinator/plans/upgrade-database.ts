// Guide › Database Upgrade Steps (Optional), then its Post-Upgrade Verification: reads beside it from top to bottom. The
// master's database is brought to another major version, then the standby's, and replication is set up again.
import { databaseNodes } from '../checks/server-facts.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { backUpBefore, backupIsFresh, lastTookMs, type Present } from './back-up.ts';
import { settingsFor } from './database-settings.ts';
import { armFailover, observerIsQuiet, suspendFailover, whileSuspended } from './failover.ts';
import { noUndo, phase, type Unphased } from './items.ts';
import type { PlanItem } from './plan.ts';
import { serverMs } from './predictions.ts';
import { appNodes, preflightOfDatabase } from './preflight.ts';
import { filesAreStillSame, performanceIsAsBefore } from './preflight-data.ts';
import { verifiedSecurity } from './preflight-node.ts';
import { sanityAfter } from './sanity.ts';
import { checkUpgrade } from './servers.ts';
import { startAgain, stopServices } from './services.ts';
import { reconfigure, reconfigureOthers } from './upgrade-database-ha.ts';
import { type DatabaseUpgrade, serveAgain, upgradeMaster } from './upgrade-database-master.ts';
import { promoteAndUpgrade, setAside } from './upgrade-database-standby.ts';
import {
  dataIsSynchronized,
  resourcesAreUsual,
  serversAreAsBefore,
  servicesAreHealthy,
  testFileArrives,
  testTicketArrives,
} from './verification.ts';

/** The upgrade of PostgreSQL on master and standby. */
export function upgradeDatabase(
  cluster: Cluster,
  asked: Omit<DatabaseUpgrade, 'dataMs'>,
  backups: Present,
): PlanItem[] {
  const [master] = databaseNodes(cluster);
  const upgrade = { ...asked, dataMs: serverMs + lastTookMs(backups, master, 'database') };
  const [appMaster] = appNodes(cluster);
  const { application } = cluster;
  return [
    ...phase('Preflight', [...preflightOfDatabase(cluster, upgrade), ...upgradeIsPossible(cluster, upgrade)]),

    ...backUpBefore(cluster, backups),

    ...phase('Suspend failover', [
      observerIsQuiet('Pre-Upgrade Requirements › 1. Monitor HA Observer Logs'),
      suspendFailover('Database Upgrade Steps › Stop HA Observer Service', cluster, 'arm-failover'),
    ]),

    ...whileSuspended([
      ...phase('Master', [
        ...backupIsFresh(cluster),
        stopServices('Step 1: Upgrade Master Node › Standalone PostgreSQL Upgrade Guide: stop services', application, {
          id: 'master.stop-services',
          title: `Stop the services on ${appMaster}`,
          node: appMaster,
          until: 'master.start-services',
          undo: startAgain(appMaster, cluster),
          takesPortalDown: true,
        }),
        ...upgradeMaster(cluster, upgrade),
        serveAgain(cluster, upgrade),
      ]),

      ...phase(
        'Standby',
        upgrade.standby === 'promote' ? promoteAndUpgrade(cluster, upgrade) : setAside(cluster, upgrade),
      ),

      ...phase('Reconfigure HA', [...reconfigure(cluster, upgrade), ...reconfigureOthers(cluster, upgrade)]),
    ]),

    ...phase('Arm failover', [armFailover('Post-Upgrade › Step 1: Start Observer Service', cluster)]),

    ...phase('Verify', [
      servicesAreHealthy(cluster),
      ...dataIsSynchronized(),
      filesAreStillSame(cluster),
      ...testTicketArrives(cluster),
      ...testFileArrives(cluster),
      serversAreAsBefore(cluster, upgrade, settingsFor(cluster, nodesOf(cluster), upgrade.to)),
      ...sanityAfter(cluster, true),
      resourcesAreUsual(cluster),
      ...verifiedSecurity(),
      performanceIsAsBefore(),
    ]),
  ];
}

const nodesOf = ({ nodes }: Cluster): string[] => nodes.map(({ name }) => name);

/** What pg_upgrade itself finds, before anything is stopped: on the standby too, whose libraries may be others. */
function upgradeIsPossible(cluster: Cluster, { from, to, name, mode }: DatabaseUpgrade): Unphased[] {
  const [master, standby] = databaseNodes(cluster);
  const check = (role: 'master' | 'standby', node: string, as: 'primary' | 'standby') =>
    checkUpgrade(
      'Step 1: Upgrade Master Node › Standalone PostgreSQL Upgrade Guide: check first',
      { node, from, to, name, mode, as },
      {
        id: `${role}.check-server`,
        title: `Let pg_upgrade check on ${node} whether ${from}/${name} can become ${to}/${name}`,
        until: 'master.stop-server',
        undo: noUndo('the scratch server that it was checked against is removed again'),
        isHarmless: true,
        predictedMs: serverMs,
      },
    );
  return [check('master', master, 'primary'), check('standby', standby, 'standby')];
}
