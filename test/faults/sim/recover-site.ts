// The simulated sites that are to be recovered, each broken in another way, and what a recovery's plan is made from there.
import type { ActionContext } from '../../../agent/actions/context.ts';
import type { ReadAction } from '../../../coordinator/checks/check.ts';
import type { Fleet } from '../../../coordinator/fleet/fleet.ts';
import { readRecoverFacts } from '../../../coordinator/operator/recover-facts.ts';
import type { RecoverFacts, RecoverOptions } from '../../../coordinator/plans/recovery.ts';
import { databaseCluster, databaseNames, laySettings } from './database-site.ts';
import { serverInService, settle, stopServerOf } from './databases.ts';
import { SimNode } from './node.ts';
import { SimProcess } from './process.ts';
import { readingsOf } from './readings.ts';
import { takeOver } from './server-jobs.ts';
import { promote, wrote } from './sim-server.ts';
import type { Simulation } from './simulation.ts';
import { Time } from './time.ts';
import { clientsAddress, cluster, World } from './world.ts';

const services = [...cluster.application.units, cluster.web.unit, cluster.files.unit];
const [masterName = '', standbyName = ''] = databaseNames;

/** Each node has files that the other one lacks, and one of them an older one. */
function layFiles(world: World): void {
  world.node(masterName).databases.filesOfOwn = new Map([
    ['only-on-master', 1],
    ['on-both', 1],
  ]);
  world.node(standbyName).databases.filesOfOwn = new Map([
    ['only-on-standby', 1],
    ['on-both', 2],
  ]);
}

/** Somebody has stopped everything. */
function layStopped(world: World): void {
  for (const unit of services) world.node(masterName).setActive(unit, false);
  for (const node of [masterName, standbyName].map((name) => world.node(name))) {
    const server = serverInService(node);
    if (server !== undefined) stopServerOf(server, world);
  }
}

/** What was promoted is written to, by whoever works with it. */
function layPromoted(world: World, marker: string): void {
  const server = serverInService(world.node(standbyName));
  if (server === undefined) return;
  promote(server, world.newBranch());
  server.tickets.set(marker, '17');
  wrote(server, world.nowMs());
  settle(world);
}

/** Both are primaries, and clients work with the master's. */
function laySplit(world: World): void {
  layPromoted(world, 'by hand');
  world.makeTicket('since');
}

/** The master's machine is down, and the observer made the standby the one that serves. */
const layFailedOver =
  (isClean: boolean) =>
  (world: World): void => {
    const [master, standby] = [world.node(masterName), world.node(standbyName)];
    const old = serverInService(master);
    if (old !== undefined) stopServerOf(old, world, isClean);
    if (old !== undefined) old.startsAtBoot = false;
    for (const unit of services) {
      master.setActive(unit, false);
      master.unit(unit).isEnabled = false;
    }
    master.addresses.delete(clientsAddress);
    layPromoted(world, 'since');
    takeOver(standby, world);
  };

function layLost(world: World): void {
  const standby = world.node(standbyName);
  for (const server of standby.databases.servers.values()) stopServerOf(server, world, false);
  standby.databases.servers.clear();
  settle(world);
}

/** As `baton recover` reads them, of a site as it is laid. */
async function factsAfter(lay: (world: World) => void, options: RecoverOptions): Promise<RecoverFacts> {
  const time = new Time();
  const world = new World();
  for (const { name } of databaseCluster.nodes) new SimNode(name, time, world);
  lay(world);
  const { clock } = new SimProcess('reader', time, { offsetMs: 0 });
  const read = async (name: string, action: ReadAction) => {
    const node = world.node(name);
    const context = { clock, ledger: node.openLedger() } as unknown as ActionContext;
    const ended = await readingsOf(node, world).read(action, context);
    return ended.ok
      ? { ok: true as const, answer: ended.value, commands: [] }
      : { ok: false as const, failure: ended.failure };
  };
  return await readRecoverFacts({ read } as unknown as Fleet, databaseCluster, options);
}

async function recovery(lay: (world: World) => void, options: RecoverOptions = {}): Promise<Simulation> {
  const all = (world: World): void => {
    laySettings(world);
    layFiles(world);
    lay(world);
  };
  const facts = { recover: await factsAfter(all, options) };
  return { plan: 'recover', cluster: databaseCluster, parameters: options, facts, lay: all };
}

export const recoverSimulations: Record<string, Simulation> = {
  'recover-stopped': await recovery(layStopped),
  'recover-split': await recovery(laySplit, { primary: masterName }),
  'recover-split-other': await recovery(laySplit, { primary: standbyName }),
  recover: await recovery(layFailedOver(true)),
  'recover-crashed': await recovery(layFailedOver(false)),
  'recover-lost-standby': await recovery(layLost),
};
