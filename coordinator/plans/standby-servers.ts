// Guide › Step 3: Reconfigure HA, as steps: a standby that is fenced while it is worked on, its slot, and copies of a whole
// server from one node to another.
import { minutes } from '../../shared/units.ts';
import { asidesGone } from '../checks/asides-gone.ts';
import { noOpenPrimary } from '../checks/no-open-primary.ts';
import { serverInService } from '../checks/server-in-service.ts';
import { slotThere } from '../checks/slot-there.ts';
import type { Cluster } from '../cluster/cluster.ts';
import type { Unphased } from './items.ts';
import { databaseCopyTimeoutMs, made, type ServerAt, type Told } from './servers.ts';

/** Nobody but the database's own user on the node may connect, so that nothing is written that would be lost. */
export function fenceServer(section: string, at: ServerAt & { as: 'primary' | 'standby' }, told: Told): Unphased {
  const { node, major, name, as } = at;
  return made(section, node, told, {
    action: { kind: 'fenceServer' },
    timeoutMs: minutes(5),
    then: [serverInService.ref({ node, major, name, as, fenced: true })],
  });
}

export function unfenceServer(section: string, at: ServerAt & { as: 'primary' | 'standby' }, told: Told): Unphased {
  const { node, major, name, as } = at;
  return made(section, node, told, {
    action: { kind: 'unfenceServer' },
    timeoutMs: minutes(5),
    then: [serverInService.ref({ node, major, name, as, fenced: false })],
  });
}

/** The slot by which a standby keeps its place: named after its node, as PostgreSQL allows. */
export const slotOf = (standby: string): string => standby.toLowerCase().replaceAll(/[^a-z0-9_]/g, '_');

/** On the primary, for the standby that will be made. */
export function createSlot(section: string, node: string, standby: string, told: Told): Unphased {
  const slot = slotOf(standby);
  return made(section, node, told, {
    action: { kind: 'createSlot', slot },
    timeoutMs: minutes(5),
    then: [slotThere.ref({ node, slot })],
  });
}

interface CopyFrom {
  /** Node whose server is copied. */
  source: string;
  asStandby: boolean;
  /** What was there is set aside under the run's name, else removed once the copy is whole. */
  keep: boolean;
}

/** This node's server becomes a copy of another node's: a standby of it, or a primary of its own. */
export function copyServer(section: string, cluster: Cluster, at: ServerAt, from: CopyFrom, told: Told): Unphased {
  const { node, major, name } = at;
  const { source, asStandby, keep } = from;
  const { user, passFile = '', options } = cluster.database.replication;
  const address = cluster.nodes.find((one) => one.name === source)?.address ?? source;
  const own = slotOf(node);
  return made(section, node, told, {
    action: {
      ...{ kind: 'copyServer', major, name, asStandby, keep, run: '{{run}}' },
      source: { address, port: cluster.database.port, user, passFile, options },
      slot: asStandby ? own : '',
      applicationName: asStandby ? own : '',
    },
    timeoutMs: databaseCopyTimeoutMs,
    then: [serverInService.ref({ node, major, name, as: asStandby ? 'standby' : 'primary' })],
    thenWithinMs: minutes(1),
    // It may be a standby already, of another primary or of none.
    ...(asStandby && { thenMayHoldBefore: true as const }),
  });
}

/** A standby made anew from the primary; it needs its slot there. */
export function rebuildStandby(
  section: string,
  cluster: Cluster,
  at: ServerAt & { source: string; keep: boolean },
  told: Told,
): Unphased {
  const { node, source, keep } = at;
  const hasSlot = slotThere.ref({ node: source, slot: slotOf(node) });
  return copyServer(
    section,
    cluster,
    at,
    { source, asStandby: true, keep },
    { ...told, before: [...(told.before ?? []), hasSlot, noOpenPrimary.ref({ node })] },
  );
}

/** What copies and restores of a run have set aside on a node is given up. */
export function dropAsides(section: string, node: string, run: string, told: Told): Unphased {
  return made(section, node, told, {
    action: { kind: 'dropAsides', run },
    timeoutMs: databaseCopyTimeoutMs,
    then: [asidesGone.ref({ node, run })],
  });
}
