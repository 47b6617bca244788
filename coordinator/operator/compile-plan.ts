// Operator › CompilePlan: gathers what compiling needs from the nodes, compiles, stores nothing.

import type { NodeProfile } from '../../shared/actions/command.ts';
import type { RunSummaryDocument } from '../../shared/documents.ts';
import { fail, ok, type Result } from '../../shared/failures.ts';
import { runPattern } from '../../shared/names.ts';
import { answerOf, isFailure } from '../checks/check.ts';
import type { Cluster } from '../cluster/cluster.ts';
import type { ClusterStore } from '../cluster/cluster-store.ts';
import type { Fleet } from '../fleet/fleet.ts';
import { hasJoined } from '../fleet/presence.ts';
import type { FleetTables } from '../fleet/tables.ts';
import { compilePlan, type Facts } from '../plans/compile.ts';
import { parseParameters as parseOptions } from '../plans/parameters.ts';
import type { CompiledPlan } from '../plans/plan.ts';
import { appNodes } from '../plans/preflight.ts';
import type { RunViews } from '../runs/run-views.ts';
import { readBackups } from './backups.ts';
import { readExpected } from './past-durations.ts';
import { readRecoverFacts } from './recover-facts.ts';
import { readRollbackFacts } from './rollback-facts.ts';
import { readServers } from './servers.ts';

export interface CompileParts {
  clusters: ClusterStore;
  tables: FleetTables;
  fleet: Fleet;
  views: Pick<RunViews, 'past' | 'list'>;
}

const readTimeoutMs = 15_000;
const parametersBytesMax = 64 * 1024;

/** Which backups they remove or read is written in the plan, so that it is seen before anybody says yes. */
const plansWithBackups = ['upgrade', 'db-upgrade', 'backup', 'backup-verify'];
/** Which server is meant, and whether it can be worked on, is asked of the nodes. */
const plansWithServers = ['db-upgrade'];

export async function compile(
  { clusters, tables, fleet, views }: CompileParts,
  request: { plan: string; cluster: string; parametersJson: string },
): Promise<Result<CompiledPlan>> {
  const cluster = await clusters.get(request.cluster);
  if (!cluster.ok) return cluster;
  const parameters = parseParameters(request.parametersJson);
  if (!parameters.ok) return parameters;
  const profiles = await profilesOf(tables, cluster.value);
  if (!profiles.ok) return profiles;
  const installed = request.plan === 'upgrade' ? await installedVersions(fleet, cluster.value, profiles.value) : {};
  const backups = plansWithBackups.includes(request.plan) ? await readBackups(fleet, cluster.value) : ok([]);
  if (!backups.ok) return backups;
  const servers = plansWithServers.includes(request.plan) ? await readServers(fleet, cluster.value) : undefined;
  if (servers?.ok === false) return servers;
  const of = request.plan === 'rollback' ? goesOnFrom(request.parametersJson) : undefined;
  const rollback = of === undefined ? undefined : await readRollbackFacts({ fleet, views }, cluster.value, of);
  if (rollback?.ok === false) return rollback;
  const recover =
    request.plan === 'recover' ? await recoverFacts({ fleet, views }, cluster.value, parameters.value) : undefined;
  if (recover?.ok === false) return recover;
  const kept = request.plan === 'finalize' ? goesOnFrom(request.parametersJson) : undefined;
  const past = kept === undefined ? undefined : await views.past(kept);
  if (past?.ok === false) return past;
  const expected = await readExpected(views, cluster.value.cluster, request.plan);
  const facts = {
    ...{ installed, backups: backups.value },
    ...(expected === undefined ? {} : { expected }),
    ...(servers === undefined ? {} : { servers: servers.value }),
    ...(rollback === undefined ? {} : { rollback: rollback.value }),
    ...(recover === undefined ? {} : { recover: recover.value }),
    ...(past === undefined || kept === undefined
      ? {}
      : { finalize: { of: kept, plan: past.value.compiled.plan, state: past.value.state } }),
  };
  return compilePlan(request.plan, cluster.value, parameters.value, profiles.value, facts);
}

/** A wrong option is refused before anything is read. */
async function recoverFacts(
  { fleet, views }: Pick<CompileParts, 'fleet' | 'views'>,
  cluster: Cluster,
  parameters: unknown,
): Promise<Result<NonNullable<Facts['recover']>>> {
  const told = parseOptions('recover', parameters);
  if (!told.ok) return told;
  const open = await openRunOn(views, cluster.cluster);
  if (!open.ok) return open;
  const facts = await readRecoverFacts(fleet, cluster, told.value);
  return ok({ ...facts, ...(open.value !== undefined && { open: { run: open.value.id, status: open.value.status } }) });
}

/** The run that holds a cluster; undefined when none does. */
export async function openRunOn(
  views: Pick<RunViews, 'list'>,
  cluster: string,
): Promise<Result<RunSummaryDocument | undefined>> {
  const listed = await views.list(cluster);
  return listed.ok ? ok(listed.value.runs.find(({ endedAt }) => endedAt === undefined)) : listed;
}

/** The run that a plan's parameters name as the one to go on from; undefined where they name none, which compiling refuses. */
export function goesOnFrom(parametersJson: string): string | undefined {
  const told = parseParameters(parametersJson);
  const of = told.ok && (told.value as { of?: unknown } | null)?.of;
  return typeof of === 'string' && runPattern.test(of) ? of : undefined;
}

function parseParameters(json: string): Result<unknown> {
  if (json.length > parametersBytesMax) return fail('bad-input', 'the parameters are too long');
  try {
    return ok(json === '' ? {} : JSON.parse(json));
  } catch (error) {
    return fail('bad-input', `the parameters are no JSON: ${(error as Error).message}`);
  }
}

/** Of the nodes that have joined; an agent tells its profile when it connects first. */
async function profilesOf(tables: FleetTables, cluster: Cluster): Promise<Result<Record<string, NodeProfile>>> {
  const profiles: Record<string, NodeProfile> = {};
  for (const { name } of cluster.nodes) {
    const stored = await tables.nodes.get(name);
    if (!stored.ok) return stored;
    const node = stored.value?.value;
    if (node?.profile && hasJoined(node)) profiles[name] = node.profile;
  }
  return ok(profiles);
}

/** What could be read; compiling says what is missing. */
async function installedVersions(
  fleet: Fleet,
  cluster: Cluster,
  profiles: Record<string, NodeProfile>,
): Promise<Record<string, string>> {
  const { file, pattern } = cluster.application.version;
  const nodes = cluster.flavor === 'classic' ? appNodes(cluster).filter((node) => profiles[node] !== undefined) : [];
  const versions = await Promise.all(
    nodes.map(async (node) => {
      const read = answerOf(
        await fleet.read(node, { kind: 'readVersion', file, pattern }, readTimeoutMs),
        'readVersion',
      );
      return isFailure(read) ? [] : [[node, read.version] as const];
    }),
  );
  return Object.fromEntries(versions.flat());
}
