// Which nodes an abort leaves with a database that is kept from clients, and what opens it: nobody would find out by
// themselves why an application cannot reach it. Pure.
import type { Plan, Step } from '../plans/plan.ts';
import { wasBegun } from './begun.ts';
import { itemState, type RunState } from './state.ts';

/** What opens a fenced server, by the way or on purpose. */
const opens: readonly Step['action']['kind'][] = ['unfenceServer', 'copyServer', 'restoreServer'];

/** “; …”: an abort of this run, as it stands, leaves these fenced; empty where it leaves none. */
export function fencedByAbort(plan: Plan, state: RunState): string {
  const steps = plan.items.filter((item): item is Step => item.kind === 'step');
  const nodes = steps
    .filter((step, index) => {
      if (step.action.kind !== 'fenceServer' || !wasBegun(state, step.id) || isOpened(step, state)) return false;
      const later = steps
        .slice(index + 1)
        .filter(({ node, action }) => node === step.node && opens.includes(action.kind));
      return !later.some(({ id }) => itemState(state, id).isDone);
    })
    .map(({ node }) => node);
  if (nodes.length === 0) return '';
  return `; the database on ${nodes.join(', ')} stays fenced: no client reaches it until baton recover ${plan.cluster.cluster}, or a rollback of the run that fenced it, opens it`;
}

/** By its own undo, or it will be. */
function isOpened({ id, undo }: Step, state: RunState): boolean {
  if (itemState(state, id).status === 'undone') return true;
  return !('noUndo' in undo) && !(undo.onlyBefore !== undefined && wasBegun(state, undo.onlyBefore.step));
}
