// What a job does to the simulated servers of its machine: at its beginning, in its middle and at its end, so that whatever
// ends it in between leaves what it would leave on a real machine. Each looks first how far an earlier attempt came.
import { isServerJob, type JobAction, type ServerJob } from '../../../shared/actions/jobs/job.ts';
import {
  installedMajors,
  putAside,
  runOf,
  serve,
  serverInService,
  setAtBoot,
  settle,
  startServerOf,
  stopServerOf,
} from './databases.ts';
import type { SimNode } from './node.ts';
import { endReplacing, sourceOfCopy, swapCopyIn, swapRestoredIn } from './server-copies.ts';
import { contentOf, emptyServer, otherPort, promote, servicePort } from './sim-server.ts';
import { clientsAddress, cluster, type World } from './world.ts';

type Of<K extends JobAction['kind']> = Extract<JobAction, { kind: K }>;

export function beginServerJob(action: JobAction, node: SimNode, world: World, run: string): void {
  const { servers, records } = node.databases;
  switch (action.kind) {
    case 'recordServer':
      records.delete(action.record);
      break;
    case 'stopServer':
      setAtBoot(servers.get(action.major), false);
      break;
    case 'upgradeServer':
      beginUpgrade(action, node, world, run);
      break;
    case 'startServer':
      // Written down before it is started: from here on it counts as started.
      if (mayStart(action.major, node)) markStarted(node, action.major);
      break;
    case 'returnServer':
      if (isReturnable(action, node)) putAside(servers.get(action.to), world);
      break;
    case 'dropServer': {
      const server = servers.get(action.major);
      if (server !== undefined && !server.isRunning && server.port !== servicePort) server.isWhole = false;
      break;
    }
    case 'fenceServer':
      setFenced(node, true, world);
      break;
    case 'copyServer': {
      // The source is asked first; then what is there makes way, and serves again where the copy fails.
      const present = servers.get(action.major);
      if (present !== undefined && sourceOfCopy(action, node, world) !== undefined) stopServerOf(present, world);
      break;
    }
    default:
      break;
  }
}

/** Half of what it does, where that can be seen from outside. */
export function passMiddle(action: JobAction, node: SimNode, world: World, run: string): void {
  switch (action.kind) {
    case 'copyServer':
      swapCopyIn(action, node, world, run);
      break;
    case 'restoreServer':
      swapRestoredIn(action, node, world, run);
      break;
    case 'runHaScript':
      promoteHere(node, world);
      break;
    default:
      break;
  }
}

/** What it leaves when it ends well; whether it does. */
export function endServerJob(action: ServerJob, node: SimNode, world: World, run: string): boolean {
  const { servers, records, settings } = node.databases;
  const inService = serverInService(node);
  switch (action.kind) {
    case 'recordServer':
      if (inService !== undefined) records.set(action.record, contentOf(inService));
      return inService !== undefined;
    case 'checkServerUpgrade':
      return servers.get(action.from)?.isRunning === true && installedMajors.includes(action.to);
    case 'stopServer':
      putAside(servers.get(action.major), world);
      return servers.has(action.major);
    case 'upgradeServer':
      return endUpgrade(action, node, run);
    case 'startServer':
      return mayStart(action.major, node) && serve(action.major, node, world);
    case 'returnServer':
      return isReturnable(action, node) && endReturn(action, node, world);
    case 'analyzeServer':
      return servers.get(action.major)?.isRunning === true;
    case 'dropServer': {
      const server = servers.get(action.major);
      if (server?.isRunning || server?.port === servicePort) return false;
      servers.delete(action.major);
      for (const place of node.databases.asides.keys())
        if (place.startsWith(`${action.major}-`)) node.databases.asides.delete(place);
      return true;
    }
    case 'fenceServer':
    case 'unfenceServer':
      setFenced(node, action.kind === 'fenceServer', world);
      return inService !== undefined;
    case 'createSlot':
      inService?.slots.add(action.slot);
      settle(world);
      return inService !== undefined;
    case 'copyServer':
    case 'restoreServer':
      return endReplacing(action, node, world, run);
    case 'dropAsides':
      for (const place of node.databases.asides.keys())
        if (runOf(place) === action.run) node.databases.asides.delete(place);
      return true;
    case 'setValues': {
      const values = settings.get(action.path) ?? new Map<string, string>();
      for (const { name, value } of action.values) values.set(name, value);
      settings.set(action.path, values);
      return true;
    }
    case 'mergeFiles': {
      const own = node.databases.filesOfOwn;
      for (const [path, atMs] of world.nodeAt(action.from)?.databases.filesOfOwn ?? [])
        own.set(path, Math.max(atMs, own.get(path) ?? 0));
      return true;
    }
    case 'runHaScript':
      if (inService === undefined || inService.isStandby) return false;
      takeOver(node, world);
      return true;
  }
}

function setFenced(node: SimNode, isFenced: boolean, world: World): void {
  const server = serverInService(node);
  if (server !== undefined) server.isFenced = isFenced;
  settle(world);
}

function mayStart(major: number, { databases }: SimNode): boolean {
  const server = databases.servers.get(major);
  return server?.isWhole === true && !server.isSpent;
}

function markStarted({ databases }: SimNode, major: number): void {
  const server = databases.servers.get(major);
  if (server === undefined) return;
  server.wasStarted = true;
  const old = databases.servers.get(server.upgradedFrom);
  if (server.isLinked && old !== undefined) old.isSpent = true;
}

/** Made by nobody else, from one that can be upgraded: it runs, or was stopped as it should, and is no standby. */
function isUpgradable({ from, to }: Of<'upgradeServer'>, { databases }: SimNode, run: string): boolean {
  const [old, made] = [databases.servers.get(from), databases.servers.get(to)];
  if (made !== undefined && made.begunBy !== run) return false;
  return old !== undefined && !old.isStandby && !old.isSpent && installedMajors.includes(to);
}

function beginUpgrade(action: Of<'upgradeServer'>, node: SimNode, world: World, run: string): void {
  const { servers } = node.databases;
  const { from, to, mode } = action;
  if (!isUpgradable(action, node, run) || servers.get(to)?.upgradedBy === run) return;
  const old = servers.get(from);
  // One that lost its power is started and stopped again first.
  if (old !== undefined && !old.isRunning && !old.isCleanlyStopped && old.isWhole) startServerOf(node, old, world);
  putAside(old, world);
  const half = { begunBy: run, upgradedFrom: from, isWhole: false, isLinked: mode === 'link' };
  servers.set(to, emptyServer(to, world.newIdentifier(), half));
  // pg_upgrade renames its control file first of all.
  if (old !== undefined && mode === 'link') old.isWhole = false;
}

function endUpgrade(action: Of<'upgradeServer'>, node: SimNode, run: string): boolean {
  const { servers } = node.databases;
  const [old, made] = [servers.get(action.from), servers.get(action.to)];
  if (old === undefined || made === undefined || !isUpgradable(action, node, run)) return false;
  if (made.upgradedBy === run) return true;
  // Somebody has started the old one meanwhile.
  if (old.isRunning) return false;
  const { isFenced, writtenAtMs } = old;
  Object.assign(made, { isFenced, writtenAtMs, isWhole: true, upgradedBy: run, tickets: new Map(old.tickets) });
  made.port = servicePort;
  old.port = otherPort;
  return true;
}

/** The old one is as good as it was: nobody has written into its files. */
function isReturnable({ from, to }: Of<'returnServer'>, { databases }: SimNode): boolean {
  const [old, made] = [databases.servers.get(from), databases.servers.get(to)];
  return old !== undefined && !old.isSpent && !(made?.isLinked === true && made.wasStarted);
}

function endReturn({ from, to }: Of<'returnServer'>, node: SimNode, world: World): boolean {
  const { servers } = node.databases;
  const [old, made] = [servers.get(from), servers.get(to)];
  if (old === undefined) return false;
  putAside(made, world);
  old.isWhole = true;
  // What was never started has nothing that the old one lacks.
  if (made?.wasStarted === false) servers.delete(to);
  return serve(from, node, world);
}

/** What the HA software's script does beside the promotion: services and clients come here, unless the other node has them. */
export function takeOver(node: SimNode, world: World): void {
  if (world.serving() !== undefined && world.serving() !== node) return;
  node.addresses.add(clientsAddress);
  for (const unit of [...cluster.application.units, cluster.web.unit, cluster.files.unit]) {
    node.unit(unit).isEnabled = true;
    node.setActive(unit, true);
  }
}

function promoteHere(node: SimNode, world: World): void {
  const server = serverInService(node);
  if (server?.isStandby) promote(server, world.newBranch());
  settle(world);
}

/** All of it, as a person does it by hand. */
export function carryOutServerJob(action: JobAction, node: SimNode, world: World, run: string): void {
  beginServerJob(action, node, world, run);
  passMiddle(action, node, world, run);
  if (isServerJob(action)) endServerJob(action, node, world, run);
}
