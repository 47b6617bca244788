// Which part of Baton carries out what the guide says of verification, troubleshooting, recovery, care and security.
import {
  advice,
  arming,
  check,
  type Means,
  plans,
  recovered,
  recoverTest,
  rollbackTest,
  step,
  upgradeTest,
} from './guide-coverage-means.ts';

/** The same, of what comes after the upgrade. */
export const coverageAfterwards: Record<string, Means[]> = {
  'Post-Upgrade Verification › Step 1: Start Observer Service | Start the Observer Service to re-enable the HA functionality':
    arming,
  'Post-Upgrade Verification › Step 2 › Database Sync Check | Comparing request counts': [
    check('rows-equal', 'at one position of the log'),
  ],
  'Post-Upgrade Verification › Step 2 › Database Sync Check | Create a test ticket on the Master server and confirm it on the Standby':
    [
      step('verify.create-ticket', 'verification.ts', upgradeTest),
      { is: 'approval', id: 'verify.ticket', file: `${plans}/verification.ts`, test: upgradeTest },
      check('row-arrived'),
    ],
  'Post-Upgrade Verification › Step 2 › FileDB Sync Check | Verify File-Sync Service: running on the Master and stopped on the Standby':
    [check('file-sync-placement')],
  'Post-Upgrade Verification › Step 2 › FileDB Sync Check | Compare File Counts': [check('files-equal')],
  "Post-Upgrade Verification › Step 2 › FileDB Sync Check | Test File Synchronization: a test file in the Master's filedb appears on the Standby":
    [step('verify.write-file', 'verification.ts', upgradeTest), check('file-arrived')],
  'Post-Upgrade Verification › Step 3: Service Health Verification | Check All Services: on the master node': [
    check('units-active'),
    check('database-unit-active'),
    check('file-sync-placement'),
  ],
  'Post-Upgrade Verification › Step 3: Service Health Verification | Application Access: Login to the ServiceOps Portal and verify the application version':
    [check('portal-answers'), check('version-is')],
  'Post-Upgrade Verification › Step 4: Performance Monitoring | System Resources: Monitor CPU, memory, and disk usage on both nodes':
    [check('resources'), check('disk-space')],
  'Troubleshooting › Observer Service Issues | Check observer service status': [check('failover-armed')],
  'Troubleshooting › Observer Service Issues | Review HA logs': [check('observer-quiet')],
  'Troubleshooting › Observer Service Issues | Restart observer service if needed': [
    step('arm-failover', 'failover.ts', upgradeTest),
  ],
  'Troubleshooting › Database Synchronization Problems | Check PostgreSQL service status on both nodes': [
    check('database-unit-active'),
  ],
  'Troubleshooting › Database Synchronization Problems | Check database replication logs': [
    check('replication-streaming', 'its remedy names them'),
    check('replication-replaying'),
  ],
  'Troubleshooting › Database Synchronization Problems | Restart PostgreSQL services if needed': [
    recovered('master.start-database', 'recover-databases.ts'),
    recovered('standby.start-database', 'recover-databases.ts'),
  ],
  'Troubleshooting › File Synchronization Issues | Check file-sync service status': [check('file-sync-placement')],
  'Troubleshooting › File Synchronization Issues | Restart file-sync service if needed': [
    advice('`systemctl restart file-sync` on the master only'),
  ],
  'Troubleshooting › Service Startup Failures | Check service status': [check('units-active')],
  'Troubleshooting › Service Startup Failures | Verify dependencies are installed': [check('dependencies-there')],
  'Troubleshooting › Service Startup Failures | Restart services in proper order': [
    recovered('master.start-services', 'recover-services.ts'),
  ],
  'Recovery Procedures › Rollback to Previous Version | Stop Observer Service': [
    step('suspend-failover', 'failover.ts', rollbackTest),
  ],
  'Recovery Procedures › Rollback to Previous Version | Restore from VM Snapshot: If available': [
    advice('They are restored by hand only', 'README.md'),
  ],
  'Recovery Procedures › Rollback to Previous Version | Restore from Backup: Restore ServiceOps from backup if needed':
    [
      step('master.restore-application', 'restore.ts', rollbackTest),
      step('master.restore-database', 'restore.ts', rollbackTest),
      check('part-restored'),
    ],
  'Recovery Procedures › Rollback to Previous Version | Reinstall Previous Version': [
    step('master.install', 'reinstall.ts', 'test/unit/plans/reinstall.test.ts'),
  ],
  'Recovery Procedures › Rollback to Previous Version | Restart Services: in proper order': [
    step('master.start-services', 'roll-back.ts', rollbackTest),
  ],
  'Recovery Procedures › Rollback to Previous Version | Start Observer Service': arming,
  'Recovery Procedures › Cluster Recovery | Stop All Services: on both nodes': [
    recovered('master.stop-services', 'recover-services.ts'),
    recovered('standby.stand-down', 'recover-services.ts'),
  ],
  'Recovery Procedures › Cluster Recovery | Restore from Backup': [
    recovered('master.restore-database', 'recover-databases.ts', { inTest: 'restores from a backup' }),
  ],
  'Recovery Procedures › Cluster Recovery | Verify Dependencies: Ensure all required packages are installed': [
    check('dependencies-there'),
  ],
  'Recovery Procedures › Cluster Recovery | Restart Services: in proper order': [
    recovered('master.start-services', 'recover-services.ts'),
  ],
  'Recovery Procedures › Cluster Recovery | Restart Observer': [step('arm-failover', 'failover.ts', recoverTest)],
  'Log Analysis | HA Observer Logs: Check HA observer logs for errors': [check('observer-quiet')],
  'Performance Optimization › Monitoring and Maintenance | Backup Scheduling: Ensure regular backups are maintained': [
    {
      is: 'schedule',
      id: 'createTimer',
      file: 'coordinator/schedule/timer.ts',
      test: 'test/unit/schedule/timer.test.ts',
    },
  ],
  'Performance Optimization › Post-Upgrade Optimization | Service Optimization: Optimize service configurations for HA environment':
    [advice('**Services for HA.**')],
  'Performance Optimization › Post-Upgrade Optimization | Network Optimization: Ensure optimal network connectivity between nodes':
    [advice('**Network.**')],
  'Performance Optimization › Post-Upgrade Optimization | Database Tuning: Optimize PostgreSQL configuration for HA': [
    advice('**Database.**'),
  ],
  'Performance Optimization › Post-Upgrade Optimization | File Sync Optimization: Configure optimal file synchronization settings':
    [advice('**File synchronization.** lsyncd')],
  'Related Topics | Backward Compatibility': [advice('**Backward compatibility.**')],
  'Related Topics | PostgreSQL Upgrade Guide': [advice('**PostgreSQL.**')],
  'Related Topics | Ubuntu Version Upgrade Guide': [advice('**The operating system.**')],
  'Related Topics | High Availability Deployment Guide': [advice('**Setting a site up**')],
  'Related Topics | DC-DR Upgrade Guide': [advice('**DC-DR** sites')],
  'Troubleshooting › Service Startup Failures | Review service logs': [advice('`journalctl -u UNIT` on the node')],
  'Log Analysis | File Sync Logs: Check file synchronization logs': [advice('`journalctl -u file-sync.service`')],
  'Pre-Upgrade Requirements | Network Connectivity: Ensure a stable network connection exists between HA nodes': [
    check('ports-reachable'),
    check('agents-connected'),
  ],
  'Pre-Upgrade Requirements (continued) | Network Connectivity: Test connectivity between HA nodes': [
    check('ports-reachable'),
    check('rsync-reachable'),
  ],
  'Pre-Upgrade Requirements (continued) | Maintenance Window: Schedule the upgrade during low-usage periods': [
    { is: 'check', id: 'window-open', test: 'test/unit/window/window.test.ts' },
  ],
  'Pre-Upgrade Requirements (continued) | Team Notification: Inform stakeholders about the planned upgrade': [
    {
      is: 'command',
      id: 'createOutbox',
      file: 'coordinator/notify/outbox.ts',
      test: 'test/integration/notify/coordinator.test.ts',
      inTest: 'tells its start and its end once',
      note: 'e-mail and webhook at start, halt, approval, end and alarm',
    },
  ],
  'Post-Upgrade Verification › Step 3: Service Health Verification | Sanity Checks: Test functionality and verify all features':
    [check('sanity-page'), check('sanity-query')],
  'Post-Upgrade Verification › Step 4: Performance Monitoring | Network Performance: Verify network connectivity between HA nodes':
    [check('ports-reachable'), check('replication-streaming')],
  'Post-Upgrade Verification › Step 4: Performance Monitoring | Service Response Times: Monitor application response times':
    [check('response-time')],
  'Post-Upgrade Verification › Step 4: Performance Monitoring | Error Rates: Watch for any increased error rates in logs':
    [check('error-rate')],
  'Troubleshooting › Observer Service Issues | Verify network connectivity between nodes': [check('ports-reachable')],
  'Troubleshooting › Database Synchronization Problems | Verify network connectivity between database nodes': [
    check('ports-reachable'),
  ],
  'Troubleshooting › File Synchronization Issues | Verify rsync connectivity between nodes': [check('rsync-reachable')],
  'Troubleshooting › File Synchronization Issues | Check file permissions and ownership': [check('files-owned')],
  'Log Analysis | Service Logs: Monitor ServiceOps service logs': [check('error-rate')],
  'Performance Optimization › Monitoring and Maintenance | Regular Health Checks: Schedule regular HA cluster health checks':
    [
      {
        is: 'schedule',
        id: 'takeProbe',
        file: 'coordinator/probes/take-probe.ts',
        test: 'test/unit/probes/take-probe.test.ts',
      },
      check('probe-recent'),
    ],
  'Performance Optimization › Monitoring and Maintenance | Performance Monitoring: Monitor system performance on both nodes':
    [check('resources'), check('response-time')],
  'Performance Optimization › Monitoring and Maintenance | Log Monitoring: Monitor logs for any issues or warnings': [
    check('error-rate'),
    check('observer-quiet'),
  ],
  'Security Considerations › HA Security | Network Security: Ensure secure communication between HA nodes': [
    check('replication-encrypted'),
    check('rsync-reachable'),
  ],
  'Security Considerations › HA Security | Access Control: Verify proper access controls on both nodes': [
    check('ha-owner'),
    check('database-closed'),
    check('database-hardened'),
    check('selinux-mode'),
  ],
  'Security Considerations › HA Security | Audit Logging: Enable and monitor audit logs': [check('audit-logging')],
  'Security Considerations › HA Security | Firewall Configuration: Configure firewalls appropriately for HA': [
    check('firewall'),
  ],
  'Security Considerations › Post-Upgrade Security | Service Permissions: Verify service permissions are correct': [
    check('unit-files'),
  ],
  'Security Considerations › Post-Upgrade Security | Database Security: Check database security settings': [
    check('database-closed'),
    check('database-hardened'),
  ],
  'Security Considerations › Post-Upgrade Security | File Permissions: Verify file permissions and ownership': [
    check('files-owned'),
  ],
  'Security Considerations › Post-Upgrade Security | Network Security: Test network security between nodes': [
    check('rsync-reachable'),
    check('replication-encrypted'),
    check('firewall'),
  ],
};
