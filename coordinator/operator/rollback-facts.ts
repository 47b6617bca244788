// What a rollback's plan is made from: the run as it was planned and as it stands, its backup as it lies on the nodes, what
// the databases are now. Reads only.

import { serverDatabase } from '../../shared/actions/sql.ts';
import type { RunSummaryDocument } from '../../shared/documents.ts';
import { type Failure, failure, ok, type Result } from '../../shared/failures.ts';
import { isVersion } from '../../shared/release-version.ts';
import { answerOf, isFailure } from '../checks/check.ts';
import { type Cluster, nodeOf } from '../cluster/cluster.ts';
import type { Fleet } from '../fleet/fleet.ts';
import { directoryIn, type RollbackFacts, wayBack } from '../plans/way-back.ts';
import { lookAtFailover } from '../runs/look-now.ts';
import type { RunViews } from '../runs/run-views.ts';
import { rollablePlans } from '../sequencer/roll-back-offer.ts';
import { countRows, countTimeoutMs, partsOn, readTimeoutMs } from './read-for-rollback.ts';
import { readServersFacts } from './rollback-servers.ts';

export async function readRollbackFacts(
  { fleet, views }: { fleet: Fleet; views: Pick<RunViews, 'past' | 'list'> },
  cluster: Cluster,
  of: string,
): Promise<Result<RollbackFacts>> {
  const listed = await views.list(cluster.cluster);
  if (!listed.ok) return listed;
  const hindrance = whyNoRollback(listed.value.runs, cluster.cluster, of);
  if (hindrance !== undefined) return { ok: false, failure: hindrance };
  const past = await views.past(of);
  if (!past.ok) return past;
  const { compiled, state } = past.value;
  const { plan } = compiled;
  if (plan.name === 'db-upgrade') return await readServersFacts(fleet, cluster, { of, plan, state });
  const { restored } = wayBack(cluster, { plan, state, failover: 'unknown' });
  const nodes = [...new Set(restored.map(({ node }) => node))];
  const directory = directoryIn(plan);
  const hasDatabase = restored.some(({ part }) => part === 'database');
  const [failover, databases, parts, rowsNow, databaseNow, installedNow] = await Promise.all([
    lookAtFailover(fleet, cluster),
    databasesNow(fleet, cluster),
    Promise.all(nodes.map((node) => partsOn(fleet, node, directory ?? '', of))),
    hasDatabase ? countRows(fleet, cluster, nodeOf(cluster, 'master', 'db').name) : undefined,
    hasDatabase ? databaseStateNow(fleet, cluster) : undefined,
    versionsNow(fleet, cluster, nodes),
  ]);
  const unread = parts.find((list) => !list.ok);
  if (unread?.ok === false) return unread;
  return ok({
    ...{ of, plan, state, failover, databases, installedNow },
    parts: parts.flatMap((list) => (list.ok ? list.value : [])),
    ...(rowsNow === undefined ? {} : { rowsNow }),
    ...(databaseNow === undefined ? {} : { databaseNow }),
  });
}

/** Why this run is not the one that can be rolled back; undefined when it is. Pure. */
export function whyNoRollback(runs: readonly RunSummaryDocument[], cluster: string, of: string): Failure | undefined {
  const run = runs.find(({ id }) => id === of);
  if (run === undefined)
    return failure('not-found', `cluster ${cluster} has no run ${of}; see: baton run ls --cluster ${cluster}`);
  if (!rollablePlans.includes(run.plan))
    return failure(
      'bad-input',
      `run ${of} is one of ${run.plan}; only runs of ${rollablePlans.join(', ')} can be rolled back`,
    );
  if (run.status === 'running')
    return failure(
      'not-in-state',
      `run ${of} is running: baton run pause ${of} holds it after its current step, then it can be rolled back`,
    );
  if (run.status === 'rolled-back')
    return failure('conflict', `run ${of} was rolled back by ${run.rolledBackBy}; there is nothing to go back from`);
  const under = runs.find(({ rollbackOf, endedAt }) => rollbackOf === of && endedAt === undefined);
  if (under !== undefined)
    return failure(
      'conflict',
      `run ${under.id} goes back from ${of} already and is ${under.status}; its way on is baton run show ${under.id}`,
    );
  // The newest is the first one; one that changed nothing, or was taken back itself, stands in nobody's way.
  const newer = runs
    .slice(0, runs.indexOf(run))
    .find(({ plan, status }) => rollablePlans.includes(plan) && status !== 'failed' && status !== 'rolled-back');
  return newer === undefined
    ? undefined
    : failure(
        'conflict',
        `run ${newer.id} has changed cluster ${cluster} since ${of}; only the latest one can be rolled back`,
      );
}

async function databasesNow(fleet: Fleet, cluster: Cluster): Promise<RollbackFacts['databases']> {
  // Not through the application’s own database, which a rollback that was given up may have left set aside.
  const database = serverDatabase;
  const nodes = cluster.nodes.filter(({ tiers }) => tiers.includes('db'));
  const read = await Promise.all(
    nodes.map(async ({ name }): Promise<[string, RollbackFacts['databases'][string]]> => {
      const state = answerOf(
        await fleet.read(name, { kind: 'readReplication', database }, readTimeoutMs),
        'readReplication',
      );
      if (!isFailure(state)) return [name, { is: state.inRecovery ? 'standby' : 'primary' }];
      return [name, { unread: state.message, isAway: state.code === 'unreachable' || state.code === 'timeout' }];
    }),
  );
  return Object.fromEntries(read);
}

/** Undefined where it cannot be read, as when it is set aside. */
async function databaseStateNow(fleet: Fleet, cluster: Cluster): Promise<RollbackFacts['databaseNow']> {
  const { name } = nodeOf(cluster, 'master', 'db');
  const action = { kind: 'readDatabaseState' as const, database: cluster.database.name };
  const state = answerOf(await fleet.read(name, action, countTimeoutMs), 'readDatabaseState');
  return isFailure(state) ? undefined : { schemaDigest: state.schemaDigest, writtenDigest: state.writtenDigest };
}

/** What could be read: an installer that failed may have left no version at all. */
async function versionsNow(fleet: Fleet, cluster: Cluster, nodes: string[]): Promise<Record<string, string>> {
  const { file, pattern } = cluster.application.version;
  const read = await Promise.all(
    nodes.map(async (node) => {
      const action = { kind: 'readVersion' as const, file, pattern };
      const found = answerOf(await fleet.read(node, action, readTimeoutMs), 'readVersion');
      return isFailure(found) ? [] : [[node, found.version] as const];
    }),
  );
  return Object.fromEntries(read.flat().filter(([, version]) => isVersion(version)));
}
