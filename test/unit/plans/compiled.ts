// Plans compiled for the cluster of the checks' tests.
import assert from 'node:assert/strict';
import type { Cluster } from '../../../coordinator/cluster/cluster.ts';
import { compilePlan } from '../../../coordinator/plans/compile.ts';
import type { CompiledPlan, PlanItem, Step } from '../../../coordinator/plans/plan.ts';
import type { NodeProfile } from '../../../shared/actions/command.ts';
import { cluster, release } from '../checks/world.ts';

export const profile: NodeProfile = {
  platform: 'debian',
  psql: '/usr/bin/psql',
  databaseUser: 'postgres',
  databaseSocket: '/var/run/postgresql',
  databasePort: 5432,
  releaseDirectory: '/var/lib/baton-agent/releases',
  localUnits: [],
  outputDirectory: '/var/lib/baton-agent/runs',
  databasePrograms: '/usr/lib/postgresql/{major}/bin',
  hooksDirectory: '/etc/baton/hooks',
  queriesDirectory: '/etc/baton/queries',
  haDirectory: '/opt/HA',
};
export const profilesOf = ({ nodes }: Cluster) => Object.fromEntries(nodes.map(({ name }) => [name, profile]));
export const upgradeParameters = { toVersion: '8.7.0', release };
export const installed = { n1: '8.6.0', n2: '8.6.0' };

export function compile(
  name = 'upgrade',
  of: Cluster = cluster,
  parameters: unknown = upgradeParameters,
): CompiledPlan {
  const facts = { installed: Object.fromEntries(of.nodes.map((node) => [node.name, '8.6.0'])) };
  const result = compilePlan(name, of, parameters, profilesOf(of), facts);
  assert.ok(result.ok, result.ok ? '' : result.failure.message);
  return result.value;
}

export const steps = (items: PlanItem[]): Step[] => items.filter((item): item is Step => item.kind === 'step');

export function stepOf(items: PlanItem[], id: string): Step {
  const found = steps(items).find((step) => step.id === id);
  assert.ok(found, `no step ${id}`);
  return found;
}
