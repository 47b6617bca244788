// Whether a run can be rolled back from where it stands, and what that leads to, in the words of a halt. What the backups
// hold is read again when the rollback's plan is made; here counts what the run itself knows. Pure.
import type { Plan, Step } from '../plans/plan.ts';
import { itemState, openAttempts, type RunState } from './state.ts';

/** The plans whose runs can be rolled back. */
export const rollablePlans: readonly string[] = ['upgrade', 'db-upgrade'];

/** One sentence: what a rollback leads to. */
export function rollbackConsequence(plan: Plan, state: RunState): string {
  const open = openAttempts(state).map(({ attempt }) => attempt.node);
  const settled = open.length === 0 ? '' : `ends what may still run on ${[...new Set(open)].join(', ')}, then `;
  const nodes = installedOn(plan, state);
  const back =
    nodes.length === 0
      ? 'nothing has to be restored, since no installer was started'
      : `it restores ${nodes.join(' and ')} from the backup ${state.run}${nodes.includes(masterOf(plan)) ? ', the database too, and keeps the present one aside with what was written since' : ''}`;
  return `${settled}hands the cluster over to a run that goes back to the state before this one: ${back}; services and observer as before. Shows its plan first and asks`;
}

/** Why there is no way back by a rollback; undefined when there is. */
export function whyNotRolledBack(plan: Plan, state: RunState): string | undefined {
  if (!rollablePlans.includes(plan.name))
    return `a run of ${plan.name} cannot be rolled back, only one of ${rollablePlans.join(', ')}`;
  const missing = installedOn(plan, state).flatMap((node) => partsOf(plan, node).filter((id) => !isDone(state, id)));
  if (missing.length === 0) return undefined;
  return `run ${state.run} has taken no backup that a rollback could restore (${missing.join(', ')} is not done)`;
}

const isDone = (state: RunState, id: string): boolean => itemState(state, id).isDone;

const partsOf = (plan: Plan, node: string): string[] => [
  `backup.${node}.application`,
  ...(node === masterOf(plan) ? [`backup.${node}.database`] : []),
];

const masterOf = ({ cluster }: Plan): string => cluster.nodes.find(({ role }) => role === 'master')?.name ?? '';

/** Nodes whose installer may have changed something. */
function installedOn(plan: Plan, state: RunState): string[] {
  const installers = plan.items.filter(
    (item): item is Step => item.kind === 'step' && item.action.kind === 'runInstaller',
  );
  return installers
    .filter(({ id }) => itemState(state, id).attempts.some(({ outcome }) => outcome?.verdict !== 'refused'))
    .map(({ node }) => node);
}
