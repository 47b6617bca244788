// Renews the lease of a failover suspension while its run is running. A halted run renews nothing: the agent then alarms.
import type { Clock } from '../../shared/clock.ts';
import type { Log } from '../../shared/log.ts';
import type { Fleet } from '../fleet/fleet.ts';
import type { RunFact } from '../journal/event.ts';
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

export interface Leases {
  /** Renews at once where the fact says that a run goes on, or is about to arm: an agent that was put back has no record. */
  heed(fact: RunFact, state: RunState): void;
  /** Renews again and again until the signal. */
  keep(signal: AbortSignal, stateNow: () => RunState): Promise<void>;
}

export function leasesOf(parts: { fleet: Fleet; clock: Clock; log: Log }, plan: Plan): Leases {
  const renew = async (state: RunState): Promise<void> => {
    try {
      await renewLeases(parts.fleet, plan, state);
    } catch (error) {
      // Only the agent's alarm depends on it; the next turn tries again.
      const why = { run: state.run, error: String(error) };
      parts.log.warn('the lease of the failover suspension was not renewed', why);
    }
  };
  return {
    heed(fact, state) {
      if (goesOn(fact) || isBeforeArming(plan, fact)) void renew(state);
    },
    async keep(signal, stateNow) {
      while (!signal.aborted) {
        await renew(stateNow());
        await parts.clock.sleep(renewEveryMs, signal);
      }
    },
  };
}

const goesOn = (fact: RunFact): boolean =>
  fact.type === 'LeaderChanged' || (fact.type === 'OperatorDecided' && fact.decision !== 'pause');

function isBeforeArming(plan: Plan, fact: RunFact): boolean {
  if (fact.type !== 'ChecksRead' || (fact.of !== 'before' && fact.of !== 'undo-before')) return false;
  const step = plan.items.find(({ id }) => id === fact.item);
  if (step?.kind !== 'step') return false;
  const action = fact.of === 'before' ? step.action : 'action' in step.undo ? step.undo.action : undefined;
  return action?.kind === 'armFailover';
}
