// What the agent reads of its machine and does to it, in one place, so that the same agent also works in a simulated one.
import type { NodeProfile } from '../shared/actions/command.ts';
import type { Result } from '../shared/failures.ts';
import { runAction } from './actions/run-action.ts';
import { observeUnits } from './failover/observer.ts';
import { attachJob } from './jobs/attach-job.ts';
import { profileOf } from './platform/profile.ts';
import { collectUnit, readStanding, stopUnit } from './platform/transient-unit.ts';
import { policyReader } from './policy/load-policy.ts';
import type { Policy } from './policy/policy.ts';

/** What systemd tells of transient units, ending them, and letting systemd forget them. */
export interface Units {
  readStanding: typeof readStanding;
  stopUnit: typeof stopUnit;
  collectUnit: typeof collectUnit;
}

export interface Machine {
  /** Read anew each time, so that a change counts from the next action on. */
  loadPolicy(): Promise<Result<Policy>>;
  /** Where things are. */
  profileOf(policy: Policy): NodeProfile;
  runAction: typeof runAction;
  attachJob: typeof attachJob;
  observeUnits: typeof observeUnits;
  units: Units;
}

/** This machine. */
export function thisMachine(policyFile: string, stateDirectory: string): Machine {
  return {
    loadPolicy: policyReader(policyFile),
    profileOf: (policy) => profileOf(policy, stateDirectory),
    runAction,
    attachJob,
    observeUnits,
    units: { readStanding, stopUnit, collectUnit },
  };
}
