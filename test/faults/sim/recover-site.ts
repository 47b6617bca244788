// The simulated sites of a recovery: clusters in disorder, and what is read of them before the plan is made.
import { databaseNodes } from '../../../coordinator/checks/server-facts.ts';
import type { ServersFound } from '../../../coordinator/databases/side.ts';
import { appNodes } from '../../../coordinator/plans/preflight.ts';
import {
  type ApplicationFound,
  clientAddress,
  type RecoverFacts,
  servicesOf,
} from '../../../coordinator/plans/recovery.ts';
import { serverInService, settle, stopServerOf } from './databases.ts';
import { SimNode } from './node.ts';
import { readOfServers } from './servers.ts';
import { promote } from './sim-server.ts';
import type { Simulation } from './simulation.ts';
import { Time } from './time.ts';
import { cluster, installedVersion, World } from './world.ts';

const [master, standby] = databaseNodes(cluster);
const services = servicesOf(cluster);

/** The master was stopped, the standby promoted: it serves, and its services start at boot. */
function layFailedOver(world: World): void {
  const [old, taken] = [world.node(master), world.node(standby)];
  const stopped = serverInService(old);
  if (stopped !== undefined) stopServerOf(stopped, world);
  const server = serverInService(taken);
  if (server !== undefined) promote(server, world.newBranch());
  for (const unit of services) {
    Object.assign(old.unit(unit), { isActive: false, isEnabled: false });
    Object.assign(taken.unit(unit), { isActive: true, isEnabled: true });
  }
  settle(world);
}

/** Somebody has removed the standby’s data. */
function layLostStandby(world: World): void {
  const node = world.node(standby);
  const server = serverInService(node);
  if (server !== undefined) stopServerOf(server, world, false);
  node.databases.servers.clear();
  settle(world);
}

/** As the operator’s service reads them. */
function factsAfter(lay: (world: World) => void, serving: string): RecoverFacts {
  const world = new World();
  for (const { name } of cluster.nodes) new SimNode(name, new Time(), world);
  lay(world);
  const address = clientAddress(cluster) ?? '';
  const database = (name: string): ServersFound => {
    const read = readOfServers({ kind: 'readServers' }, world.node(name), world);
    if (!read.ok || read.value.kind !== 'readServers') throw new Error(`the servers of ${name} cannot be read`);
    const { servers, installedMajors, freeBytes } = read.value;
    return { servers, installedMajors, freeBytes, streams: false };
  };
  const application = (name: string): ApplicationFound => ({
    version: installedVersion,
    units: world.node(name).states(services, 0),
    addresses: name === serving ? [address] : [],
  });
  const each = <T>(names: string[], of: (name: string) => T) =>
    Object.fromEntries(names.map((name) => [name, of(name)]));
  return {
    failover: 'armed',
    databases: each([master, standby], database),
    applications: each(appNodes(cluster), application),
    ...{ rows: {}, missing: {}, backups: [] },
  };
}

const recovery = (lay: (world: World) => void, serving: string): Simulation => ({
  plan: 'recover',
  cluster,
  parameters: {},
  facts: { recover: factsAfter(lay, serving) },
  lay,
});

export const recoverSimulations: Record<string, Simulation> = {
  recover: recovery(layFailedOver, standby),
  'recover-lost-standby': recovery(layLostStandby, master),
};
