// Which part of Baton carries out which sentence of the guides. A sentence without a row here is `open`; only those of the
// Patroni guide may be.
import { coverageAfterwards } from './guide-coverage-afterwards.ts';
import {
  advice,
  check,
  databaseTest,
  gate,
  type Means,
  plans,
  step,
  suspension,
  upgraded,
  upgradeTest,
} from './guide-coverage-means.ts';

/** By section and sentence, as in docs/guides. */
export const coverage: Record<string, Means[]> = {
  ...coverageAfterwards,
  'Key Benefits of HA Upgrades | Zero Downtime: Maintains service availability during upgrades': [
    {
      is: 'command',
      id: 'startPortalMeter',
      file: 'coordinator/meter/portal-meter.ts',
      test: 'test/integration/meter/portal-meter.test.ts',
      note: 'the portal is down while the installer runs; how long is measured and predicted',
    },
  ],
  'Key Benefits of HA Upgrades | Cluster Stability: Prevents automatic failover during upgrade process': suspension,
  'Key Benefits of HA Upgrades | Data Synchronization: Ensures database and file synchronization across nodes': [
    check('rows-equal'),
    check('files-equal'),
  ],
  'Key Benefits of HA Upgrades | Rollback Capability: Provides recovery options if upgrade fails': [
    {
      is: 'command',
      id: 'run rollback',
      file: 'coordinator/cli/commands/roll-back.ts',
      test: 'test/integration/cli/rollback.test.ts',
      inTest: "'rollback'",
    },
  ],
  'Key Benefits of HA Upgrades | Health Monitoring: Comprehensive cluster health verification': [
    {
      is: 'command',
      id: 'baton check',
      file: 'coordinator/cli/commands/check.ts',
      test: 'test/lab/bad-input.test.ts',
      inTest: 'a failing check',
    },
  ],
  'Supported Operating Systems | Ubuntu: 22, 24': [check('os-supported')],
  'Supported Operating Systems | RedHat: 9.2, 9.4': [check('os-supported')],
  'Supported Operating Systems | From version v8.2, incremental upgrades are not required': [
    check('version-compatible'),
  ],
  'Supported Operating Systems | Starting from v8.6.0, a single common installer': [check('version-compatible')],
  'Pre-Upgrade Requirements | HA Cluster Status: Verify both master and standby nodes are healthy': [
    check('agents-connected'),
    check('units-active'),
    check('database-unit-active'),
    check('portal-answers'),
    check('failover-armed'),
  ],
  'Pre-Upgrade Requirements | HA Cluster Status: and synchronized': [
    check('replication-streaming'),
    check('rows-equal'),
    check('files-equal'),
  ],
  'Pre-Upgrade Requirements | Disk Space: sufficient space for upgrade packages': [check('disk-space')],
  'Pre-Upgrade Requirements | Disk Space: and backups on both nodes': [
    check('backup-space'),
    check('restore-space', 'room for going back, too'),
  ],
  'Pre-Upgrade Requirements | ServiceOps Version: Ensure the current version is compatible': [
    check('version-compatible'),
    check('postgresql-supported'),
  ],
  'Pre-Upgrade Requirements | Stop HA Observer Service: to prevent automatic failover': suspension,
  'Pre-Upgrade Requirements › 1. Monitor HA Observer Logs | View the latest log activity to ensure no critical processes are running':
    [check('observer-quiet'), gate('observer-quiet', 'failover.ts', upgradeTest)],
  'Pre-Upgrade Requirements › 2. Stop the Observer Service | Once you confirm that no processes are running, stop the service':
    suspension,
  'Pre-Upgrade Requirements (continued) | Application Backup: Backup the application and filedb folder on the master node':
    [
      step('backup.n1.application', 'back-up.ts', 'test/unit/plans/back-up.test.ts'),
      step('backup.n1.files', 'back-up.ts', 'test/unit/plans/back-up.test.ts'),
      check('backup-complete'),
    ],
  'Pre-Upgrade Requirements (continued) | Database Backup: Take a complete database backup from the master node': [
    step('backup.n1.database', 'back-up.ts', 'test/unit/plans/back-up.test.ts'),
    check('master-is-primary'),
    check('backup-fresh'),
  ],
  'Pre-Upgrade Requirements (continued) | VM Snapshot: Take a snapshot of both master and standby VMs for recovery': [
    step('snapshot.n1', 'snapshots.ts', 'test/unit/plans/back-up.test.ts'),
    { is: 'approval', id: 'backup.snapshots', file: `${plans}/snapshots.ts`, test: 'test/unit/plans/back-up.test.ts' },
    check('snapshot-state'),
  ],
  'Pre-Upgrade Requirements (continued) | Always perform complete backups before HA upgrades': [
    gate('backup.whole', 'back-up.ts', 'test/unit/plans/back-up.test.ts'),
  ],
  'Application Upgrade Steps › Step 1: Download the Release Build | Download the latest Common Installer build': [
    advice('**Download the release.**'),
    {
      is: 'command',
      id: 'uploadRelease',
      file: 'coordinator/operator/upload-release.ts',
      test: 'test/integration/operator/operator.test.ts',
    },
  ],
  'Application Upgrade Steps › Step 2: Upgrade Master Application Instance | Copy Installer: to the Master ServiceOps application instance':
    [step('stage.n1', 'release.ts', upgradeTest, { inTest: 'stage copies to both nodes' }), check('release-staged')],
  'Application Upgrade Steps › Step 2: Upgrade Master Application Instance | Login with Root Privileges': [
    advice('**Root.**'),
  ],
  'Application Upgrade Steps › Step 2: Upgrade Master Application Instance | Stop Services: Stop the main server and analytics server services':
    [upgraded('master.stop-services')],
  'Application Upgrade Steps › Step 2: Upgrade Master Application Instance | Verify Service Status': [
    check('units-stopped'),
  ],
  'Application Upgrade Steps › Step 2: Upgrade Master Application Instance | Grant Execute Permissions': [
    step('master.make-executable', 'release.ts', upgradeTest, { note: '0700 and private instead of 777' }),
    check('release-executable'),
  ],
  'Application Upgrade Steps › Step 2: Upgrade Master Application Instance | Execute Upgrade: Run the upgrade installer':
    [upgraded('master.install')],
  'Application Upgrade Steps › Step 2: Upgrade Master Application Instance | Monitor Upgrade Process': [
    {
      is: 'command',
      id: 'run watch',
      file: 'coordinator/cli/commands/run.ts',
      test: 'test/integration/cli/watch.test.ts',
      inTest: 'watch',
    },
  ],
  'Application Upgrade Steps › Step 2: Upgrade Master Application Instance | Verify Completion': [
    check('version-is', 'the version must be there, whatever the installer says'),
  ],
  'Application Upgrade Steps › Step 3: Upgrade Standby Application Instance | Prepare the Installer (same as master procedure)':
    [step('standby.make-executable', 'release.ts', upgradeTest)],
  'Application Upgrade Steps › Step 3: Upgrade Standby Application Instance | Run the Installer (same as master procedure)':
    [upgraded('standby.install')],
  'Application Upgrade Steps › Step 3: Upgrade Standby Application Instance | Ensure all application services remain in a stopped state':
    [
      upgraded('standby.stop-services-again'),
      gate('standby.still-stopped', 'services.ts', upgradeTest),
      check('units-stopped'),
    ],
  'Database Upgrade Steps › Pre-Upgrade Steps | Stop HA Observer Service': [
    step('suspend-failover', 'failover.ts', databaseTest),
  ],
  'Database Upgrade Steps › Step 1: Upgrade Master Node | Upgrade the master node first': [
    check('server-upgradable'),
    step('master.upgrade-server', 'upgrade-database-master.ts', databaseTest),
    check('server-as-before'),
  ],
  'Database Upgrade Steps › Step 2: Upgrade Slave Node | Promote Slave to Master: run the master promotion script': [
    step('standby.fence', 'upgrade-database-standby.ts', databaseTest, { note: 'from clients, first' }),
    step('standby.promote', 'upgrade-database-standby.ts', databaseTest),
  ],
  'Database Upgrade Steps › Step 2: Upgrade Slave Node | Upgrade the Node: Once the node is in master mode': [
    step('standby.upgrade-server', 'upgrade-database-standby.ts', databaseTest),
  ],
  'Database Upgrade Steps › Step 3: Reconfigure HA | Re-establish the HA replication': [
    step('master.create-slot', 'upgrade-database-ha.ts', databaseTest),
    step('standby.rebuild', 'upgrade-database-ha.ts', databaseTest),
    gate('reconfigured.replication', 'upgrade-database-ha.ts', databaseTest),
  ],
};
