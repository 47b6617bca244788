// Whether a run can be rolled back from where it stands, and what that leads to, in the words of a halt. What its backup
// holds is read again when the rollback's plan is made; here counts what the run itself knows. Pure.
import { databaseNodes } from '../checks/server-facts.ts';
import type { Successor } from '../journal/event.ts';
import type { Plan } from '../plans/plan.ts';
import { isBackUpOf, isMigrated, wayBack } from '../plans/way-back.ts';
import { wayBackOfDatabase } from '../plans/way-back-database.ts';
import { itemState, openAttempts, type RunState } from './state.ts';

/** The plans whose runs can be rolled back. */
export const rollablePlans: readonly string[] = ['upgrade', 'db-upgrade'];

/** One sentence: what a rollback leads to. */
export function rollbackConsequence(plan: Plan, state: RunState): string {
  const open = openAttempts(state).map(({ attempt }) => attempt.node);
  const settled = open.length === 0 ? '' : `ends what may still run on ${[...new Set(open)].join(', ')}, then `;
  if (plan.name === 'db-upgrade')
    return `${settled}hands the cluster over to a run that goes back to the state before this one: ${serversBack(plan, state)}; services and observer as before. Shows its plan first and asks`;
  if (needsReinstall(plan, state))
    return `${settled}hands the cluster over to a run that installs the previous version again, from the installer that you name, since this run took no backup; the database stays as it is. Shows its plan first and asks`;
  const { installed, restored } = wayOf(plan, state);
  const hasDatabase = restored.some(({ part }) => part === 'database');
  const back =
    installed.length === 0
      ? 'nothing has to be restored, since no installer was started'
      : `${installed.join(' and ')} restored from the backup ${state.run}${hasDatabase ? ', the database too unless nothing was written to it since the installer was about to start; the present one is set aside' : ''}`;
  return `${settled}hands the cluster over to a run that goes back to the state before this one: ${back}; services and observer as before. Shows its plan first and asks`;
}

/** Why there is no way back by a rollback; undefined when there is. */
export function whyNotRolledBack(plan: Plan, state: RunState): string | undefined {
  if (!rollablePlans.includes(plan.name))
    return `a run of ${plan.name} cannot be rolled back, only one of ${rollablePlans.join(', ')}`;
  if (plan.name === 'db-upgrade') return undefined;
  const missing = partsMissing(plan, state);
  if (missing.length === 0 || needsReinstall(plan, state)) return undefined;
  const parts = missing.map(({ node, part }) => `${part} of ${node}`).join(', ');
  return `run ${state.run} has taken no backup that a rollback could restore (${parts})`;
}

/** What has to be added to the command of a rollback; empty where nothing has. */
export const rollbackOptions = (plan: Plan, state: RunState): string =>
  needsReinstall(plan, state) ? ' --reinstall FILE' : '';

/** Without a backup the previous version’s installer is the way, as long as the database may still be of that version. */
const needsReinstall = (plan: Plan, state: RunState): boolean =>
  partsMissing(plan, state).length > 0 && !isMigrated(plan, state);

function partsMissing(plan: Plan, state: RunState) {
  return wayOf(plan, state).restored.filter((part) => {
    const step = plan.items.find((item) => item.kind === 'step' && isBackUpOf(item, part));
    return step === undefined || !itemState(state, step.id).isDone;
  });
}

/** By what was begun; what the servers are now is read when the plan is made. */
function serversBack(plan: Plan, state: RunState): string {
  const way = wayBackOfDatabase(plan.cluster, { plan, state });
  const [master, standby] = databaseNodes(plan.cluster);
  if (!way.isTouched) return 'no server was begun to be changed';
  const old = `PostgreSQL ${way.from} on ${master}`;
  const back: Record<typeof way.master, string> = {
    'as-it-is': `${old} serves as it does`,
    start: `${old} is started again`,
    return: `${old} serves again as it was left`,
    copy: `${old} shares its files with the newer one by now, so it is made from ${standby}’s, or from this run’s backup where that is upgraded too`,
    restore: `${old} is made from this run’s backup`,
  };
  // The HA script may have failed before it promoted anything.
  const isStandbyStill = way.master === 'copy' || way.master === 'restore' ? '' : ', if it is no standby any more';
  const rebuilt = way.standby === 'rebuild' ? `; ${standby} is made anew from it${isStandbyStill}` : '';
  const rows = way.mayHoldNewRows
    ? `; what was written into ${way.to} since is counted, and stays there, stopped, until run finalize`
    : '';
  return `${back[way.master]}${rebuilt}${rows}`;
}

/** Why a rollback that was planned before is no longer the one that is needed; undefined when it is. */
export function whyOutdated({ run, sequence }: RunState, successor: Successor | undefined): string | undefined {
  if (successor?.seen === undefined || successor.seen === sequence) return undefined;
  return successor.plan === 'recover'
    ? `run ${run} has gone on since the recovery was planned; look at the plan again`
    : `run ${run} has gone on since its rollback was planned; look at the plan again: baton run rollback ${run}`;
}

/** A recovery once more, as it was asked for: without what was told it would be another one. */
export function recoverAnew({ cluster, parameters }: Plan): string {
  const told = (['primary', 'applicationFrom', 'databaseFrom'] as const).flatMap((name) => {
    const value = parameters[name];
    return typeof value === 'string' ? [`--${name.replace('From', '-from')} ${value}`] : [];
  });
  return ['baton recover', cluster.cluster, ...told].join(' ');
}

/** What an abort of a rollback leaves, and how to begin anew; undefined of every other plan. */
export function whatAbortLeaves(plan: Plan): { words: string; command: string } | undefined {
  const { name, parameters } = plan;
  if (name !== 'rollback' && name !== 'recover') return undefined;
  const command = name === 'recover' ? recoverAnew(plan) : `baton run rollback ${String(parameters.of)}`;
  const words = `nothing is undone: what is restored stays restored, what is stopped stays stopped, failover stays as it is; ${command} plans anew from there`;
  return { words, command };
}

const wayOf = (plan: Plan, state: RunState) => wayBack(plan.cluster, { plan, state, failover: 'unknown' });
