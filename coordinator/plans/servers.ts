// Steps on PostgreSQL servers, as database upgrade, rollback and recovery need them: each with the postcondition by which
// its work is seen. What undoes a step, and why, is the plan's own affair.
import { hours, minutes } from '../../shared/units.ts';
import type { CheckRef } from '../checks/check.ts';
import { serverAsBefore } from '../checks/server-as-before.ts';
import { serverGone } from '../checks/server-gone.ts';
import { serverInService } from '../checks/server-in-service.ts';
import { serverStopped } from '../checks/server-stopped.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { step, type Unphased } from './items.ts';
import type { Step } from './plan.ts';
import { requestMs } from './predictions.ts';

/** So large that only something that hangs is ended by it. */
export const databaseCopyTimeoutMs = hours(12);
/** A checkpoint of all that is dirty, and all that the standby has not received. */
const databaseStopTimeoutMs = minutes(30);

/** A server of a node. */
export interface ServerAt {
  node: string;
  major: number;
  name: string;
}

/** Of an upgrade: what there is, and what it becomes. */
export interface Majors {
  from: number;
  to: number;
  name: string;
}

export type UpgradeMode = 'copy' | 'link';

/** What a plan says of its step; the rest follows from what the step does. */
export type Told = Pick<Step, 'id' | 'title' | 'undo'> &
  Partial<
    Pick<
      Step,
      | 'deviation'
      | 'before'
      | 'until'
      | 'redo'
      | 'pointOfNoReturn'
      | 'isHarmless'
      | 'takesPortalDown'
      | 'predictedMs'
      | 'then'
      | 'thenWithinMs'
    >
  >;

type Rest = Pick<Step, 'action' | 'timeoutMs'> & { then: CheckRef[]; thenWithinMs?: number; thenMayHoldBefore?: true };

/** What a plan says goes before what its kind of step would say. */
export function made(section: string, node: string, told: Told, rest: Rest): Unphased {
  return step(section, { node, ...rest, until: 'end', predictedMs: requestMs, ...told });
}

/** Writes down, under the run's id, what must be carried over. */
export function recordServer(
  section: string,
  cluster: Cluster,
  { node, major, name, as }: ServerAt & { as: 'primary' | 'standby' },
  told: Told,
): Unphased {
  const { name: database, parity, queries } = cluster.database;
  return made(section, node, told, {
    action: { kind: 'recordServer', record: '{{run}}', database, parity, queries },
    timeoutMs: databaseCopyTimeoutMs,
    // What compares with it is read where there is no way back to the server that it is of.
    then: [
      serverInService.ref({ node, major, name, as }),
      serverAsBefore.ref({ node, record: '{{run}}', withoutContent: true }),
    ],
  });
}

/** pg_upgrade --check beside the running server. */
export function checkUpgrade(
  section: string,
  at: Majors & { node: string; mode: UpgradeMode; as: 'primary' | 'standby' },
  told: Told,
): Unphased {
  const { node, from, to, name, mode, as } = at;
  return made(section, node, told, {
    action: { kind: 'checkServerUpgrade', from, to, name, mode },
    timeoutMs: minutes(30),
    then: [serverInService.ref({ node, major: from, name, as })],
    thenMayHoldBefore: true,
  });
}

/** Stops it; it does not start at boot either. */
export function stopServer(section: string, { node, major, name }: ServerAt, told: Told): Unphased {
  return made(section, node, told, {
    action: { kind: 'stopServer', major, name },
    timeoutMs: databaseStopTimeoutMs,
    then: [serverStopped.ref({ node, major, name })],
  });
}

/** pg_upgrade with the configuration carried over; neither server runs afterwards. */
export function upgradeServer(
  section: string,
  cluster: Cluster,
  at: Majors & { node: string; mode: UpgradeMode },
  told: Told,
): Unphased {
  const { node, from, to, name, mode } = at;
  return made(section, node, told, {
    action: { kind: 'upgradeServer', from, to, name, mode, jobs: jobsOf(cluster), run: '{{run}}' },
    timeoutMs: databaseCopyTimeoutMs,
    then: [
      serverStopped.ref({ node, major: from, name }),
      serverStopped.ref({ node, major: to, name, upgradedBy: '{{run}}' }),
    ],
  });
}

/** Starts it at the port that clients use, also at boot. */
export function startServer(
  section: string,
  at: ServerAt & { as: 'primary' | 'standby'; fenced?: boolean; analyze?: boolean },
  told: Told,
): Unphased {
  const { node, major, name, as, fenced = false, analyze = false } = at;
  return made(section, node, told, {
    ...startAction({ node, major, name }, analyze),
    then: [serverInService.ref({ node, major, name, as, fenced })],
    thenWithinMs: minutes(1),
  });
}

/** For an undo, which has no step around it. */
export const startAction = ({ major, name }: ServerAt, analyze = false): Pick<Step, 'action' | 'timeoutMs'> => ({
  action: { kind: 'startServer', major, name, analyze },
  timeoutMs: minutes(30),
});

/** The old server serves again; what the newer one has is kept, stopped. */
export function returnServer(
  section: string,
  at: Majors & { node: string; as: 'primary' | 'standby' },
  told: Told,
): Unphased {
  const { node, from, to, name, as } = at;
  return made(section, node, told, {
    ...returnAction({ from, to, name }),
    then: [serverInService.ref({ node, major: from, name, as })],
    thenWithinMs: minutes(1),
  });
}

export const returnAction = ({ from, to, name }: Majors): Pick<Step, 'action' | 'timeoutMs'> => ({
  action: { kind: 'returnServer', from, to, name },
  timeoutMs: minutes(30),
});

/** Full statistics, while clients work. */
export function analyzeServer(section: string, cluster: Cluster, at: ServerAt, told: Told): Unphased {
  const { node, major, name } = at;
  return made(section, node, told, {
    action: { kind: 'analyzeServer', major, name, jobs: jobsOf(cluster) },
    timeoutMs: databaseCopyTimeoutMs,
    then: [serverInService.ref({ node, major, name, as: 'primary' })],
    thenMayHoldBefore: true,
  });
}

/** Removes one that is not in service, with its data. */
export function dropServer(section: string, { node, major, name }: ServerAt, told: Told): Unphased {
  return made(section, node, told, {
    action: { kind: 'dropServer', major, name },
    timeoutMs: minutes(30),
    then: [serverGone.ref({ node, major, name })],
  });
}

export const jobsOf = ({ backup }: Cluster): number => backup?.databaseJobs ?? 2;
