// Copies of simulated servers and servers made anew from a backup: whole beside what is there, then in its place.
import type { JobAction } from '../../../shared/actions/jobs/job.ts';
import { serve, serverInService, startServerOf, stopServerOf, streamsFrom } from './databases.ts';
import type { SimNode } from './node.ts';
import { emptyServer, promote, type SimServer, servicePort, wrote } from './sim-server.ts';
import type { World } from './world.ts';

type Of<K extends JobAction['kind']> = Extract<JobAction, { kind: K }>;

/** What can be copied now; undefined where the other node has it not, or where another version serves here. */
export function sourceOfCopy(action: Of<'copyServer'>, node: SimNode, world: World): SimServer | undefined {
  const { major, slot, asStandby } = action;
  const from = world.nodeAt(action.source?.address ?? '');
  const source = from && serverInService(from);
  if (source === undefined || source.major !== major || (slot !== '' && !source.slots.has(slot))) return undefined;
  if ((serverInService(node)?.major ?? major) !== major) return undefined;
  const isThere = !asStandby && node.databases.servers.get(major)?.replacedBy === action.run;
  return isThere ? undefined : source;
}

/** A standby streams before it counts as made; what stays may have been written to, and is not made again. */
export function endReplacing(
  action: Of<'copyServer' | 'restoreServer'>,
  node: SimNode,
  world: World,
  run: string,
): boolean {
  const { servers, swapped } = node.databases;
  const { major } = action;
  const server = servers.get(major);
  const isSwapped = swapped.has(major);
  if (server === undefined || !(isSwapped || server.replacedBy === run)) return false;
  if (!serve(major, node, world)) return false;
  if (action.kind === 'copyServer' && action.asStandby) {
    if (streamsFrom(node, world) === undefined) return false;
  } else server.replacedBy = run;
  swapped.delete(major);
  return true;
}

/** What serves again after a bad end. */
export function abandonServerJob(action: JobAction, node: SimNode, world: World): void {
  if (action.kind !== 'copyServer' && action.kind !== 'restoreServer') return;
  const present = node.databases.servers.get(action.major);
  if (present?.startsAtBoot && present.port === servicePort) startServerOf(node, present, world);
}

/** Copied whole beside what is there, then swapped: from here on what was there is gone or aside. */
export function swapCopyIn(action: Of<'copyServer'>, node: SimNode, world: World, run: string): void {
  const { servers, swapped } = node.databases;
  const { major, slot } = action;
  const what = JSON.stringify([action.source?.address, action.asStandby, run]);
  if (swapped.get(major) === what && servers.has(major)) return;
  swapped.delete(major);
  const from = world.nodeAt(action.source?.address ?? '');
  const source = sourceOfCopy(action, node, world);
  if (from === undefined || source === undefined) return;
  setAside(node, world, major, action.keep ? run : undefined);
  const { systemIdentifier, history, lsn, writtenAtMs } = source;
  const copy = emptyServer(major, systemIdentifier, { history, lsn, writtenAtMs, tickets: new Map(source.tickets) });
  copy.wasStarted = true;
  if (action.asStandby) Object.assign(copy, { isStandby: true, follows: from.name, slot });
  else promote(copy, world.newBranch());
  servers.set(major, copy);
  swapped.set(major, what);
}

export function swapRestoredIn(action: Of<'restoreServer'>, node: SimNode, world: World, run: string): void {
  const { servers, swapped } = node.databases;
  const part = node.parts.get(`${action.backup}/database`);
  if (!part?.isComplete) return;
  const { major } = action;
  const isThere = swapped.get(major) === part.backup || servers.get(major)?.replacedBy === run;
  if (isThere && servers.has(major)) return;
  if ((serverInService(node)?.major ?? major) !== major) return;
  setAside(node, world, major, run);
  const restored = emptyServer(major, world.newIdentifier(), { wasStarted: true, tickets: new Map(part.tickets) });
  wrote(restored, world.nowMs());
  servers.set(major, restored);
  swapped.set(major, part.backup);
}

/** Stops what is there of a version and moves it away: under the run's name, or for good. */
function setAside({ databases }: SimNode, world: World, major: number, run: string | undefined): void {
  const present = databases.servers.get(major);
  if (present === undefined) return;
  stopServerOf(present, world);
  databases.servers.delete(major);
  // An attempt that is repeated never puts its own half over what an earlier one has kept.
  if (run !== undefined && !databases.asides.has(`${major}-${run}`)) databases.asides.set(`${major}-${run}`, present);
}
