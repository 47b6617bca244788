// Guide › Pre-Upgrade Requirements, read-only: what must be so before anything is touched. One gate for each bullet.
import { seconds } from '../../shared/units.ts';
import { agentsConnected } from '../checks/agents-connected.ts';
import { backupRecent } from '../checks/backup-recent.ts';
import type { CheckRef } from '../checks/check.ts';
import { clockOffset } from '../checks/clock-offset.ts';
import { databaseUnitActive } from '../checks/database-unit-active.ts';
import { diskSpace } from '../checks/disk-space.ts';
import { failoverArmed } from '../checks/failover-armed.ts';
import { fileSyncPlacement } from '../checks/file-sync-placement.ts';
import { filesEqual } from '../checks/files-equal.ts';
import { filesOneSystem } from '../checks/files-one-system.ts';
import { masterIsPrimary } from '../checks/master-is-primary.ts';
import { notFenced } from '../checks/not-fenced.ts';
import { osSupported } from '../checks/os-supported.ts';
import { portalAnswers } from '../checks/portal-answers.ts';
import { postgresqlSupported } from '../checks/postgresql-supported.ts';
import { probeRecent } from '../checks/probe-recent.ts';
import { replicationStreaming } from '../checks/replication-streaming.ts';
import { rowsEqual } from '../checks/rows-equal.ts';
import { serverUpgradable } from '../checks/server-upgradable.ts';
import { ticketSearchExact } from '../checks/ticket-search-exact.ts';
import { unitsActive } from '../checks/units-active.ts';
import { unitsStopped } from '../checks/units-stopped.ts';
import { versionCompatible } from '../checks/version-compatible.ts';
import { type Cluster, nodeOf } from '../cluster/cluster.ts';
import { beyondSupport } from '../cluster/parse.ts';
import { settingsFor } from './database-settings.ts';
import { gate, type Unphased } from './items.ts';
import { dataGates } from './preflight-data.ts';
import { nodeGates } from './preflight-node.ts';
import type { Release } from './release.ts';
import { roomForBackup, roomForRestore } from './room-for-backup.ts';
import { sanityBefore } from './sanity.ts';
import { windowGate } from './window-gate.ts';

export interface Target {
  release?: Release;
  toVersion?: string;
}

/** Every check of the preflight, in the order of the plan. */
export const preflightChecks = (cluster: Cluster, target: Target = {}): CheckRef[] =>
  [...windowGate(cluster, null), ...preflight(cluster, target)].flatMap((item) =>
    item.kind === 'gate' ? item.checks : [],
  );

/** The preflight gates of the upgrade. */
export function preflight(cluster: Cluster, target: Target): Unphased[] {
  return [
    agents(),
    clusterStatus(cluster),
    isReplicating(),
    gate('Upgrade Guide for HA › from v8.2 directly, common installer from v8.6.0', {
      id: 'preflight.versions',
      title: 'The installed version can be upgraded',
      checks: [versionCompatible.ref({ nodes: appNodes(cluster), toVersion: target.toVersion ?? null })],
    }),
    platforms(cluster),
    ...nodeGates(cluster),
    diskIsFree(cluster, target.release),
    ...roomForBackup(cluster),
    ...(cluster.backup === undefined ? [] : [roomForRestore()]),
    evidence(cluster),
    ...isSynchronized(cluster),
    ...dataGates(cluster),
  ];
}

/** Those of the database's upgrade: what it needs of the servers, besides the same steady state. */
export function preflightOfDatabase(
  cluster: Cluster,
  {
    from,
    to,
    name,
    mode,
    standby,
  }: { from: number; to: number; name: string; mode: 'copy' | 'link'; standby: 'promote' | 'rebuild' },
): Unphased[] {
  const settings = settingsFor(
    cluster,
    cluster.nodes.map((node) => node.name),
    from,
  );
  return [
    agents(),
    clusterStatus(cluster),
    isReplicating(),
    platforms(cluster),
    ...nodeGates(cluster),
    diskIsFree(cluster, undefined),
    gate('Step 1: Upgrade Master Node › Standalone PostgreSQL Upgrade Guide (looked at ahead)', {
      id: 'preflight.servers',
      title: `PostgreSQL ${from} can be upgraded to ${to} on both nodes`,
      checks: [serverUpgradable.ref({ from, to, name, mode, standby }), masterIsPrimary.ref({}), ...settings],
    }),
    ...roomForBackup(cluster),
    evidence(cluster),
    ...isSynchronized(cluster),
    ...dataGates(cluster),
  ];
}

function isReplicating(): Unphased {
  return gate('Pre-Upgrade Requirements › HA Cluster Status: synchronized', {
    id: 'preflight.replication',
    title: 'The standby streams from the one primary',
    checks: [replicationStreaming.ref({})],
  });
}

function isSynchronized(cluster: Cluster): Unphased[] {
  return [
    gate('Database Sync Check (looked at ahead)', {
      id: 'preflight.rows',
      title: 'The databases hold as many rows at one position',
      checks: [rowsEqual.ref({})],
      withinMs: seconds(60),
    }),
    gate('FileDB Sync Check › Compare File Counts (looked at ahead)', {
      id: 'preflight.files',
      title: 'Master and standby hold as many files',
      checks: [filesEqual.ref({}), filesOneSystem.ref({})],
      withinMs: seconds(60),
    }),
    ...ticketApiAnswers(cluster),
    ...sanityBefore(cluster),
  ];
}

/** The gates that staging alone needs. */
export const preflightOfStaging = (cluster: Cluster, release: Release): Unphased[] => [
  agents(),
  diskIsFree(cluster, release),
];

/** Master and standby of the application, in this order. */
export const appNodes = (cluster: Cluster): [string, string] => [
  nodeOf(cluster, 'master', 'app').name,
  nodeOf(cluster, 'standby', 'app').name,
];

export function agents(): Unphased {
  return gate('Pre-Upgrade Requirements › Network Connectivity', {
    id: 'preflight.agents',
    title: 'Every node can be worked with',
    checks: [agentsConnected.ref({}), clockOffset.ref({})],
  });
}

function clusterStatus(cluster: Cluster): Unphased {
  const [master, standby] = appNodes(cluster);
  const { units } = cluster.application;
  return gate('Pre-Upgrade Requirements › HA Cluster Status: healthy', {
    id: 'preflight.status',
    title: 'Services, observer and portal are as in the steady state',
    checks: [
      unitsActive.ref({ node: master, units: [...units, cluster.web.unit], activeForMs: 0 }),
      unitsStopped.ref({ node: standby, units }),
      databaseUnitActive.ref({}),
      notFenced.ref({}),
      fileSyncPlacement.ref({}),
      failoverArmed.ref({}),
      portalAnswers.ref({ version: null }),
    ],
  });
}

function platforms(cluster: Cluster): Unphased {
  const beyond = beyondSupport(cluster);
  return gate('Supported Operating Systems', {
    id: 'preflight.platforms',
    title: 'Operating systems and PostgreSQL are supported',
    ...(beyond.length > 0 && { deviation: beyond.join('; ') }),
    checks: [osSupported.ref({ nodes: appNodes(cluster) }), postgresqlSupported.ref({})],
  });
}

function diskIsFree(cluster: Cluster, release: Release | undefined): Unphased {
  return gate('Pre-Upgrade Requirements › Disk Space', {
    id: 'preflight.disk',
    title: 'There is room for the upgrade',
    ...deviationOf(cluster),
    checks: [diskSpace.ref({ nodes: appNodes(cluster), release: release ?? null })],
  });
}

function evidence({ backup }: Cluster): Unphased {
  return gate('Monitoring and Maintenance › Regular Health Checks, Backup Scheduling', {
    id: 'preflight.evidence',
    title: 'The last weeks left evidence: probes and verified backups',
    checks: [probeRecent.ref({}), ...(backup === undefined ? [] : [backupRecent.ref({})])],
  });
}

/** What the guide asks for and this cluster file does without. */
function deviationOf({ backup }: Cluster): { deviation?: string } {
  if (backup === undefined)
    return {
      deviation:
        'backups and VM snapshots are not taken, since the cluster file has no key backup: take them before (Backup Process)',
    };
  if (backup.snapshots === undefined || !('none' in backup.snapshots)) return {};
  return { deviation: `no VM snapshots are taken: ${backup.snapshots.none}` };
}

function ticketApiAnswers(cluster: Cluster): Unphased[] {
  if (cluster.application.ticket === undefined) return [];
  return [
    gate('Database Sync Check › Create a test ticket (looked at ahead)', {
      id: 'preflight.ticket-api',
      title: 'The ticket API can be used afterwards',
      checks: [ticketSearchExact.ref({ absentMarker: 'baton-no-such-ticket' })],
    }),
  ];
}
