// Guide › Database Upgrade Steps › Step 3: Reconfigure HA. The standby is a copy of the upgraded master and streams from it.
import { minutes, seconds } from '../../shared/units.ts';
import { replicationStreaming } from '../checks/replication-streaming.ts';
import { databaseNodes } from '../checks/server-facts.ts';
import { serverInService } from '../checks/server-in-service.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { setSettings } from './database-settings.ts';
import { gate, noUndo, type Unphased } from './items.ts';
import { requestMs } from './predictions.ts';
import { analyzeServer } from './servers.ts';
import { createSlot, rebuildStandby, slotOf } from './standby-servers.ts';
import type { DatabaseUpgrade } from './upgrade-database-master.ts';

const section = 'Step 3: Reconfigure HA › High Availability (HA) Deployment Setup guide';
/** Back to what the standby was is a rollback's work: what it has now is the master's. */
const settled = noUndo('it belongs to the upgraded master, which stays');

export function reconfigure(cluster: Cluster, upgrade: DatabaseUpgrade): Unphased[] {
  const { to, name, standby, dataMs } = upgrade;
  const [master, node] = databaseNodes(cluster);
  return [
    createSlot(`${section}: replication slot`, master, node, {
      id: 'master.create-slot',
      title: `Make the replication slot ${slotOf(node)} on ${master}`,
      deviation: 'pg_upgrade carries no slots over',
      until: 'standby.rebuild',
      undo: settled,
      predictedMs: requestMs,
    }),
    rebuildStandby(
      `${section}: pg_basebackup`,
      cluster,
      { node, major: to, name, source: master, keep: false },
      {
        id: 'standby.rebuild',
        title: `Make ${to}/${name} on ${node} a standby of ${master} by pg_basebackup`,
        ...(standby === 'promote' && {
          deviation: 'the whole server is copied: what was upgraded on its own has its own history and cannot follow',
        }),
        before: [serverInService.ref({ node: master, major: to, name, as: 'primary' })],
        redo: ['master.create-slot'],
        undo: settled,
        predictedMs: dataMs,
      },
    ),
    ...setSettings(`${section}: what the HA software is told of the server`, cluster, {
      id: 'standby.settings',
      node,
      major: to,
      back: settled,
    }),
    gate(`${section}: replication`, {
      id: 'reconfigured.replication',
      title: `${node} streams from ${master}, and is open to clients`,
      checks: [replicationStreaming.ref({}), serverInService.ref({ node, major: to, name, as: 'standby' })],
      withinMs: minutes(10),
      everyMs: seconds(2),
    }),
    analyzeServer(
      `Step 1: Upgrade Master Node › Standalone PostgreSQL Upgrade Guide: statistics`,
      cluster,
      {
        ...{ node: master, major: to, name },
      },
      {
        id: 'master.analyze',
        title: `Collect full statistics on ${master}`,
        undo: noUndo('statistics disturb nothing'),
        predictedMs: dataMs,
      },
    ),
  ];
}

/** Other machines that are told of the server, such as the observer's. */
export function reconfigureOthers(cluster: Cluster, { from, to }: DatabaseUpgrade): Unphased[] {
  const databases: string[] = databaseNodes(cluster);
  return cluster.nodes
    .filter(({ name }) => !databases.includes(name))
    .flatMap(({ name }) =>
      setSettings(`${section}: what the HA software is told of the server`, cluster, {
        id: `${name}.settings`,
        node: name,
        major: to,
        back: noUndo(`baton run rollback sets it for PostgreSQL ${from} again`),
      }),
    );
}
