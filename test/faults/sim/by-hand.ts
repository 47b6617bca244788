// What a database administrator does on the simulated machines where a run stands: what a check has missed is brought about,
// as its remedy says, and never by promoting what clients could reach. Knows nothing of any plan.
import type { CheckRef } from '../../../coordinator/checks/check.ts';
import { nodeOf } from '../../../coordinator/cluster/cluster.ts';
import type { Halt } from '../../../coordinator/journal/event.ts';
import type { Plan, PlanItem } from '../../../coordinator/plans/plan.ts';
import { serverInService, settle, startServerOf, stopServerOf, streamsFrom } from './databases.ts';
import type { SimNode } from './node.ts';
import { emptyServer, otherPort, promote, type SimServer, servicePort } from './sim-server.ts';
import { cluster, type World } from './world.ts';

/** Mends what the halt has found of the databases. */
export function mendDatabases(world: World, { items }: Plan, halt: Halt): void {
  const item = items.find(({ id }) => id === halt.item);
  const missed = halt.checks.filter(({ verdict }) => verdict !== 'pass' && verdict !== 'warn');
  for (const { check, params } of item === undefined ? [] : refsOf(item))
    if (missed.some(({ id, node }) => id === check && (params.node === undefined || params.node === node)))
      mend(world, check, params);
}

function refsOf(item: PlanItem): CheckRef[] {
  if (item.kind === 'gate') return item.checks;
  if (item.kind !== 'step') return [];
  const undo = 'noUndo' in item.undo ? [] : [...item.undo.before, ...item.undo.then];
  return [...item.before, ...item.then, ...undo];
}

type Params = CheckRef['params'];

function mend(world: World, check: string, params: Params): void {
  const node = world.nodes.get(String(params.node));
  const server = node?.databases.servers.get(Number(params.major));
  switch (check) {
    case 'server-in-service':
      if (node !== undefined) letServe(world, node, params);
      break;
    case 'server-stopped':
      if (server !== undefined) putDown(server, world);
      break;
    case 'slot-there':
      if (node !== undefined) serverInService(node)?.slots.add(String(params.slot));
      break;
    case 'values-set':
      for (const [name, value] of Object.entries(params.values as Record<string, string>))
        node?.databases.settings.get(String(params.file))?.set(name, value);
      break;
    case 'replication-streaming':
    case 'rows-equal':
    case 'master-is-primary':
    case 'portal-answers':
    case 'database-unit-active':
      mendReplication(world);
      break;
    default:
      break;
  }
  settle(world);
}

function putDown(server: SimServer, world: World): void {
  server.startsAtBoot = false;
  stopServerOf(server, world);
}

/** The server of this version, as what it must be; one that is lost is copied from the other node, where that has it. */
function letServe(world: World, node: SimNode, { major, as, fenced }: Params): void {
  const server = node.databases.servers.get(Number(major));
  // What was a primary is no standby, and started as it is it would be a second one.
  const isOther = as === 'standby' && server?.isStandby === false;
  const isUsable = server?.isWhole === true && !server.isSpent && !isOther;
  if (isUsable) takeThePort(world, node, server);
  const inService = serverInService(node);
  const isCutOff = as === 'standby' && streamsFrom(node, world) === undefined;
  if (isCutOff && fenced !== true) mendReplication(world);
  if (isCutOff || inService === undefined || inService.major !== major) return;
  // Only behind a fence: what is promoted there is reached by nobody.
  inService.isFenced = fenced === true;
  if (as === 'primary' && inService.isStandby && fenced === true) promote(inService, world.newBranch());
}

function takeThePort(world: World, node: SimNode, server: SimServer): void {
  for (const other of node.databases.servers.values()) {
    if (other === server) continue;
    if (other.isRunning) putDown(other, world);
    other.port = otherPort;
  }
  server.port = servicePort;
  server.startsAtBoot = true;
  startServerOf(node, server, world);
}

/** The master's server serves, and the standby's is a copy of it that streams. */
export function mendReplication(world: World): void {
  const [master, standby] = [nodeOf(cluster, 'master', 'db'), nodeOf(cluster, 'standby', 'db')].map(({ name }) =>
    world.node(name),
  );
  if (master === undefined || standby === undefined) return;
  const usable = [...master.databases.servers.values()].filter(({ isWhole, isSpent }) => isWhole && !isSpent);
  const chosen = usable.find(({ port }) => port === servicePort) ?? usable.at(-1);
  const present = serverInService(master) ?? chosen;
  const other = serverInService(standby);
  if (present?.isStandby === false && other?.isStandby === false) putDown(other, world);
  if (serverInService(master) === undefined && chosen !== undefined) takeThePort(world, master, chosen);
  const primary = serverInService(master);
  if (primary === undefined || primary.isStandby) return;
  primary.isFenced = false;
  settle(world);
  if (streamsFrom(standby, world) === master.name) return;
  primary.slots.add(standby.name);
  const { major, systemIdentifier, history, lsn, tickets } = primary;
  for (const server of standby.databases.servers.values()) putDown(server, world);
  const copy = emptyServer(major, systemIdentifier, { history, lsn, tickets: new Map(tickets), isStandby: true });
  standby.databases.servers.set(major, { ...copy, follows: master.name, slot: standby.name });
  takeThePort(world, standby, standby.databases.servers.get(major) ?? copy);
}
