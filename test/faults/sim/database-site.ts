// The simulated sites of plans that work on PostgreSQL servers: the cluster file that names units and settings by version,
// and what lies on the machines before each of them.
import { type Cluster, nodeOf } from '../../../coordinator/cluster/cluster.ts';
import type { Facts } from '../../../coordinator/plans/compile.ts';
import { initialState } from '../../../coordinator/sequencer/state.ts';
import { labCluster } from '../../unit/checks/world.ts';
import { installedMajors, majorAtFirst, serverInService } from './databases.ts';
import { SimNode } from './node.ts';
import { readOfServers } from './servers.ts';
import { otherPort, servicePort } from './sim-server.ts';
import { compileSimulation, type Simulation } from './simulation.ts';
import { Time } from './time.ts';
import { World } from './world.ts';

const from = majorAtFirst;
const to = Math.max(...installedMajors);
const settingsFile = '/opt/HA/conf/ha.conf';

const text = (more: string) => (before: string) =>
  `${before
    .replace('application:\n', 'application:\n  installerTimeout: 3m\n')
    .replace(
      'database: { ',
      `database: { unit: 'postgresql@{major}-main', settings: [{ file: ${settingsFile}, values: { PG_MAJOR: '{major}' } }], `,
    )}supported: { postgresql: [${from}, ${to}] }\n${more}`;

export const databaseCluster: Cluster = labCluster(
  text(`backup: { snapshots: { none: 'the simulation has no virtual machines' } }\n`),
);
/** Without a backup the plan is shorter, and a lost server can only be had back from the other node. */
const barelyCluster: Cluster = labCluster(text(''));

/** Of master and standby. */
export const databaseNames = [
  nodeOf(databaseCluster, 'master', 'db').name,
  nodeOf(databaseCluster, 'standby', 'db').name,
];

/** What other software is told, as of the version that serves. */
export function laySettings(world: World, major = from): void {
  for (const node of databaseNames)
    world.node(node).databases.settings.set(settingsFile, new Map([['PG_MAJOR', String(major)]]));
}

/** A site as `lay` leaves it, for what has to be read before a plan is made. */
function serversAfter(lay: (world: World) => void): NonNullable<Facts['servers']> {
  const world = new World();
  for (const { name } of databaseCluster.nodes) new SimNode(name, new Time(), world);
  lay(world);
  const lists = databaseNames.map((name) => {
    const read = readOfServers({ kind: 'readServers' }, world.node(name), world);
    if (!read.ok || read.value.kind !== 'readServers') throw new Error(`the servers of ${name} cannot be read`);
    return [name, read.value] as const;
  });
  return Object.fromEntries(lists);
}

const upgradeOf = (
  mode: 'copy' | 'link',
  standby: 'promote' | 'rebuild',
  cluster: Cluster,
  more: Partial<Simulation> = {},
): Simulation => ({
  plan: 'db-upgrade',
  cluster,
  parameters: { to, mode, standby },
  facts: { servers: serversAfter(laySettings) },
  lay: laySettings,
  ...more,
});

/** Both nodes as a database upgrade leaves them: the newer server serves, the old one is kept. */
function layUpgraded(world: World): void {
  laySettings(world, to);
  for (const node of databaseNames.map((name) => world.node(name))) {
    const server = serverInService(node);
    if (server === undefined) continue;
    const kept = { ...server, isRunning: false, startsAtBoot: false, isCleanlyStopped: true, port: otherPort };
    node.databases.servers.set(from, kept);
    const newer = { ...server, major: to, port: servicePort, upgradedBy: upgraded, upgradedFrom: from };
    node.databases.servers.set(to, newer);
  }
}

const upgraded = 'db-upgrade-00000000';

/** Of a database upgrade that ended well. */
function finalizeFacts(of: Simulation): Partial<Facts> {
  const compiled = compileSimulation(of);
  if (!compiled.ok) throw new Error(compiled.failure.message);
  const { plan } = compiled.value;
  const ended = { type: 'RunEnded', status: 'succeeded', message: '', failoverArmed: 'armed' } as const;
  return { finalize: { of: upgraded, plan, state: { ...initialState(upgraded), status: 'succeeded', ended } } };
}

const asTheGuideSays = upgradeOf('copy', 'promote', databaseCluster);

export const databaseSimulations: Record<string, Simulation> = {
  'db-upgrade': asTheGuideSays,
  'db-upgrade-link': upgradeOf('link', 'promote', barelyCluster),
  'db-upgrade-rebuild': upgradeOf('copy', 'rebuild', barelyCluster),
  'db-upgrade-link-rebuild': upgradeOf('link', 'rebuild', barelyCluster),
  // By each way that the master's server can come back: as it was left, and after the standby was promoted.
  'db-rollback': upgradeOf('copy', 'promote', databaseCluster, {
    isRolledBackAt: ['master.upgrade-server', 'standby.promote', 'standby.rebuild', 'verify.create-ticket'],
  }),
  // From the standby's, and from the backup where that is spent as well.
  'db-rollback-link': upgradeOf('link', 'promote', databaseCluster, {
    isRolledBackAt: ['master.start-server', 'standby.upgrade-server', 'standby.rebuild'],
  }),
  'db-finalize': {
    plan: 'finalize',
    cluster: databaseCluster,
    parameters: { of: upgraded },
    facts: finalizeFacts(asTheGuideSays),
    lay: layUpgraded,
  },
};
