// A cluster whose database can be upgraded from 16 to 17, and what compiling that needs of its nodes.
import assert from 'node:assert/strict';
import type { ServerList } from '../../../coordinator/checks/server-facts.ts';
import type { Cluster } from '../../../coordinator/cluster/cluster.ts';
import { compilePlan, type Facts } from '../../../coordinator/plans/compile.ts';
import type { CompiledPlan } from '../../../coordinator/plans/plan.ts';
import { labCluster, serverOn } from '../checks/world.ts';
import { profilesOf } from './compiled.ts';

export const cluster = labCluster((text) =>
  text.replace(
    'database: {',
    "database: { unit: 'postgresql@{major}-main', queries: [open-tickets], replication: { passFile: /var/lib/postgresql/.pgpass }, settings: [{ file: /opt/HA/conf/ha.conf, values: { DATABASE_UNIT: 'postgresql@{major}-main' } }, { file: /opt/HA/conf/observer.conf, nodes: [n3], values: { VERSION: '{major}' } }],",
  ),
);

/** A node's servers: 16/main serves. */
export const listOf = (node: string, server: object = {}, list: object = {}): ServerList => ({
  kind: 'readServers',
  servers: [{ ...serverOn(node), major: 16, ...server }],
  ...{ installedMajors: [16, 17], freeBytes: 50e9, linkableMajors: [16, 17], asides: [] },
  ...list,
});

export const servers = { n1: listOf('n1'), n2: listOf('n2') };

export const tryToCompile = (parameters: object, change: Partial<Facts> = {}, of: Cluster = cluster) =>
  compilePlan('db-upgrade', of, parameters, profilesOf(of), { installed: {}, servers, ...change });

export function compileDatabase(parameters: object = {}, of: Cluster = cluster): CompiledPlan {
  const result = tryToCompile({ to: 17, ...parameters }, {}, of);
  assert.ok(result.ok, result.ok ? '' : result.failure.message);
  return result.value;
}
