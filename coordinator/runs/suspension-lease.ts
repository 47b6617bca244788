// Renews the lease of a failover suspension while its run is running. A halted run renews nothing: the agent then alarms.
import type { Fleet } from '../fleet/fleet.ts';
import type { Plan } from '../plans/plan.ts';
import { armingStep } from '../sequencer/in-force.ts';
import { itemState, type RunState } from '../sequencer/state.ts';

/** How often a lease is renewed; the shortest is a minute. */
export const renewEveryMs = 20_000;

/** Renews what this run has suspended and not armed again. */
export async function renewLeases(fleet: Fleet, plan: Plan, state: RunState): Promise<void> {
  if (state.status !== 'running' || armingStep(plan, state) !== undefined) return;
  for (const step of plan.items) {
    if (step.kind !== 'step' || step.action.kind !== 'suspendFailover') continue;
    const { attempts, isUndone } = itemState(state, step.id);
    if (attempts.length === 0 || isUndone) continue;
    await fleet.renewSuspension(step.node, state.run, step.action.leaseMs, state.epoch);
  }
}
