// From a run of the database upgrade: by which way the servers of the version before come to serve again. What was begun
// counts, together with what the nodes say of their servers now; nothing is assumed of who is primary. Pure.
import { databaseNodes, find, type Server, type ServerList } from '../checks/server-facts.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { stepsBegun } from '../sequencer/begun.ts';
import { itemState, openAttempts, type RunState } from '../sequencer/state.ts';
import type { Plan, Step } from './plan.ts';
import type { Majors, UpgradeMode } from './servers.ts';

/** What a node said of its servers, or why it said nothing. */
export type ServersNow = ServerList | { unread: string; isAway: boolean };

export const isUnread = (now: ServersNow | undefined): now is Extract<ServersNow, { unread: string }> =>
  now !== undefined && 'unread' in now;

export interface ServersFacts {
  plan: Plan;
  state: RunState;
  /** By database node; without it only what was begun is known. */
  servers?: Readonly<Record<string, ServersNow>>;
}

/**
 * as-it-is: it serves already. start: it was only stopped. return: the upgrade is taken back. copy: from the standby’s
 * server of the version before. restore: from the run’s backup.
 */
export type MasterWay = 'as-it-is' | 'start' | 'return' | 'copy' | 'restore';
/** open: only fenced. start: only stopped. rebuild: it is no longer what the master’s standby could be. */
export type StandbyWay = 'as-it-is' | 'open' | 'start' | 'rebuild';

export interface ServersWay extends Majors {
  mode: UpgradeMode;
  master: MasterWay;
  standby: StandbyWay;
  /** How the standby’s server comes to be one that the master’s can be copied from; only with `copy`. */
  source: 'serves' | 'start' | 'return' | undefined;
  /** Nodes on which the newer server may run, and has to be stopped first. */
  newer: string[];
  /** Nodes whose settings files were begun to be changed. */
  settings: string[];
  /** Nodes whose server was written down before it was touched. */
  recorded: string[];
  /** Nodes on which an HA script was begun, which may have started services. */
  scripted: string[];
  /** Services were begun to be started on the newer server, so that clients may have written into it. */
  mayHoldNewRows: boolean;
  /** Anything of a server was begun to be changed. */
  isTouched: boolean;
}

const ofServers: readonly Step['action']['kind'][] = [
  ...(['stopServer', 'upgradeServer', 'startServer', 'fenceServer', 'runHaScript'] as const),
  ...(['createSlot', 'copyServer', 'setValues'] as const),
];

export function wayBackOfDatabase(cluster: Cluster, facts: ServersFacts): ServersWay {
  const { plan, state } = facts;
  const { from, to, name, mode } = plan.parameters as unknown as Majors & { mode: UpgradeMode };
  const [master, standby] = databaseNodes(cluster);
  const steps = stepsBegun(plan, state);
  const begun = (node: string, ...kinds: Step['action']['kind'][]) =>
    steps.some((step) => step.node === node && kinds.includes(step.action.kind));
  const nodesOf = (kind: Step['action']['kind']) => [
    ...new Set(steps.filter(({ action }) => action.kind === kind).map(({ node }) => node)),
  ];
  const majors = { from, to, name };
  const wayOfMaster = masterWay(facts, majors, { master, standby, mode, begun });
  return {
    ...majors,
    mode,
    master: wayOfMaster,
    standby: standbyWay(facts, majors, { standby, master: wayOfMaster, begun }),
    source: wayOfMaster === 'copy' ? sourceWay(facts, majors, { standby, begun }) : undefined,
    newer: [master, standby].filter((node) => {
      const newer = serverOn(facts, node, to, name);
      if (facts.servers !== undefined && newer === undefined) return false;
      const wasToStart = steps.some(
        ({ action, node: on }) => on === node && action.kind === 'startServer' && action.major === to,
      );
      return wasToStart || begun(node, 'copyServer') || runs(newer);
    }),
    settings: nodesOf('setValues'),
    recorded: steps
      .filter(({ id, action }) => action.kind === 'recordServer' && itemState(state, id).isDone)
      .map(({ node }) => node),
    scripted: nodesOf('runHaScript'),
    mayHoldNewRows: mayHoldNewRows(plan, steps),
    isTouched: steps.some(({ action }) => ofServers.includes(action.kind)),
  };
}

type Begun = (node: string, ...kinds: Step['action']['kind'][]) => boolean;

function masterWay(
  facts: ServersFacts,
  { from, to, name }: Majors,
  { master, standby, mode, begun }: { master: string; standby: string; mode: UpgradeMode; begun: Begun },
): MasterWay {
  if (!begun(master, 'stopServer', 'upgradeServer', 'startServer')) return 'as-it-is';
  const upgraded = begun(master, 'upgradeServer');
  const old = serverOn(facts, master, from, name);
  if (facts.servers === undefined) {
    if (mode === 'link' && begun(master, 'startServer')) return 'copy';
    return upgraded ? 'return' : 'start';
  }
  // As after a rollback that was given up; as long as nothing of the run may still be at work there.
  const isAtWork = openAttempts(facts.state).some(({ attempt }) => attempt.node === master);
  if (old?.isRunning && old.inRecovery === false && !isAtWork && !runs(serverOn(facts, master, to, name)))
    return 'as-it-is';
  if (old !== undefined && !old.isSpent) return upgraded ? 'return' : 'start';
  return whyNoSource(facts, { from, name, master, standby }) === undefined ? 'copy' : 'restore';
}

function standbyWay(
  facts: ServersFacts,
  { from, to, name }: Majors,
  { standby, master, begun }: { standby: string; master: MasterWay; begun: Begun },
): StandbyWay {
  if (master === 'copy' || master === 'restore') return 'rebuild';
  if (!begun(standby, 'fenceServer', 'runHaScript', 'stopServer', 'upgradeServer', 'startServer', 'copyServer'))
    return 'as-it-is';
  if (facts.servers === undefined) return begun(standby, 'runHaScript') ? 'rebuild' : 'start';
  const old = serverOn(facts, standby, from, name);
  if (old === undefined || !isStandbyStill(old)) return 'rebuild';
  if (!old.isRunning || runs(serverOn(facts, standby, to, name))) return 'start';
  return old.isFenced ? 'open' : 'as-it-is';
}

/** How the standby’s server of the version before comes to serve, as what the master’s is copied from. */
function sourceWay(
  facts: ServersFacts,
  { from, name }: Majors,
  { standby, begun }: { standby: string; begun: Begun },
): ServersWay['source'] {
  const old = serverOn(facts, standby, from, name);
  if (old?.isRunning) return 'serves';
  return begun(standby, 'upgradeServer') ? 'return' : 'start';
}

/** Why the standby’s server of the version before cannot be what the master’s is made from; undefined when it can. */
export function whyNoSource(
  facts: ServersFacts,
  { from, name, master, standby }: { from: number; name: string; master: string; standby: string },
): string | undefined {
  const of = `${from}/${name}`;
  const source = serverOn(facts, standby, from, name);
  if (source === undefined) return `${standby} has no server ${of} any more`;
  if (source.isSpent)
    return `${of} on ${standby} is spent too: its files are linked into the newer server there, which was started`;
  const lost = serverOn(facts, master, from, name);
  if (lost !== undefined && [lost, source].every(({ systemIdentifier }) => systemIdentifier !== ''))
    if (lost.systemIdentifier !== source.systemIdentifier)
      return `${of} on ${standby} is not a copy of the one on ${master}: their system identifiers differ`;
  return hadAll(facts) ? undefined : `nobody saw that ${of} on ${standby} had all that ${master} wrote`;
}

/** The run itself has seen it when it stopped the master: the standby had replayed the last that the stopped master wrote. */
function hadAll({ plan, state }: ServersFacts): boolean {
  return plan.items.some(
    (item) =>
      item.kind === 'step' &&
      item.then.some(({ check }) => check === 'standby-has-all') &&
      itemState(state, item.id).isDone,
  );
}

/** It follows a primary, or did until it was stopped: nothing of its own was ever written into it. */
export const isStandbyStill = ({ isRunning, inRecovery, state }: Server): boolean =>
  isRunning ? inRecovery === true : /recovery/.test(state);

/** After the newer server was started on the master, services were begun to be started. */
function mayHoldNewRows(plan: Plan, begun: Step[]): boolean {
  const at = (kind: Step['action']['kind']) =>
    plan.items.findIndex((item) => item.kind === 'step' && item.action.kind === kind);
  const started = at('startServer');
  return begun.some((step) => step.action.kind === 'startUnits' && plan.items.indexOf(step) > started);
}

const runs = (server: Server | undefined): boolean => server?.isRunning === true || server?.startsAtBoot === true;

/** Nodes on which a whole server is made while what is there stays. */
export function madeOn(cluster: Cluster, { master, standby }: Pick<ServersWay, 'master' | 'standby'>): string[] {
  const [own, other] = databaseNodes(cluster);
  return [...(master === 'copy' || master === 'restore' ? [own] : []), ...(standby === 'rebuild' ? [other] : [])];
}

/** As its node told it now. */
export function serverOn(
  { servers }: Pick<ServersFacts, 'servers'>,
  node: string,
  major: number,
  name: string,
): Server | undefined {
  const list = servers?.[node];
  return list === undefined || isUnread(list) ? undefined : find(list, major, name);
}
