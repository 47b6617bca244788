// A plan on a simulated site: with what it is compiled, and what lies on the machines before its run.
import type { Cluster } from '../../../coordinator/cluster/cluster.ts';
import { compilePlan, type Facts } from '../../../coordinator/plans/compile.ts';
import type { PlanName } from '../../../coordinator/plans/parameters.ts';
import type { CompiledPlan } from '../../../coordinator/plans/plan.ts';
import type { Result } from '../../../shared/failures.ts';
import { profilesOf } from '../../unit/plans/compiled.ts';
import { installedVersion, type World } from './world.ts';

export interface Simulation {
  /** Of the catalogue. */
  plan: PlanName;
  cluster: Cluster;
  parameters: unknown;
  facts?: Partial<Facts>;
  /** What lies on the machines before the run. */
  lay?(world: World): void;
  /** Its run fails at one of these steps, and the operator goes back from there. */
  isRolledBackAt?: string[];
}

export function compileSimulation({ plan, cluster: of, parameters, facts }: Simulation): Result<CompiledPlan> {
  const installed = Object.fromEntries(of.nodes.map((node) => [node.name, installedVersion]));
  return compilePlan(plan, of, parameters, profilesOf(of), { installed, backups: [], ...facts });
}
