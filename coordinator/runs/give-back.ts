// The way out for a run that is refused: an operator who has looked closes it, and the cluster is free again. Nothing is
// appended to its journal; the nodes forget its keys, so that nothing of it can start any more.
import type { Clock } from '../../shared/clock.ts';
import { type Failure, fail, ok, type Result } from '../../shared/failures.ts';
import type { Fleet } from '../fleet/fleet.ts';
import type { ClusterLog } from '../journal/cluster-log.ts';
import type { Journal } from '../journal/journal.ts';
import { endUnstarted } from './opening.ts';
import type { Refusals } from './refusals.ts';

export interface GiveBackParts {
  journal: Journal;
  clusterLog: ClusterLog;
  refusals: Refusals;
  nodesOf(cluster: string): Promise<Result<string[]>>;
  fleet: Fleet;
  clock: Clock;
  epoch: number;
  /** Gives the cluster back once the bus takes it: the operator’s word is there, and is not asked for again. */
  finishLater(run: string): void;
}

const againMs = 2_000;

/** Closes a run whose journal cannot be gone on with; `damage` is how it could not be read. */
export async function giveBack(
  parts: GiveBackParts,
  run: string,
  by: { operator: string; reason: string },
  damage: Failure,
): Promise<Result<void>> {
  const { clusterLog, refusals, fleet, clock } = parts;
  const known = await refusals.get(run);
  if (!known.ok) return known;
  const finished = await finishGivingBack(parts, run);
  if (finished !== undefined) return finished;
  const cluster = known.value === undefined ? await clusterHeldBy(clusterLog, run) : ok(known.value.cluster);
  if (!cluster.ok) return cluster;
  const nodes = await parts.nodesOf(cluster.value);
  if (!nodes.ok) return nodes;

  const presence = await fleet.presence();
  for (const node of nodes.value) {
    const standing = presence.find((one) => one.node === node);
    if (!standing?.connected) {
      const why = standing?.refusal ?? `${node}: its agent is not connected`;
      return fail('not-in-state', `run ${run} cannot be closed yet: ${why}; only waiting is possible until it answers`);
    }
    if (standing.runningKey?.startsWith(`${run}/`))
      return fail('not-in-state', `run ${run} cannot be closed yet: ${node} still carries out ${standing.runningKey}`);
  }

  // Before anybody is told: the nodes forget for good, and a coordinator that dies here has to know why.
  const atMs = clock.nowMs();
  const refusal = known.value ?? { run, cluster: cluster.value, finding: damage.message, atMs };
  const put = await refusals.put({ ...refusal, closed: { by: by.operator, reason: by.reason, atMs } });
  if (!put.ok) return put;
  const given = (await finishGivingBack(parts, run)) ?? ok(undefined);
  if (given.ok || cluster.value === '') return given;
  parts.finishLater(run);
  const { failure } = given;
  const message = `${failure.message}; it is tried again until the cluster is given back`;
  return { ok: false, failure: { ...failure, message } };
}

/** Does what closing a refused run leads to, also where that was begun before; undefined when nobody has closed it. */
export async function finishGivingBack(
  parts: Omit<GiveBackParts, 'finishLater'>,
  run: string,
): Promise<Result<void> | undefined> {
  const { clusterLog, refusals, fleet, epoch } = parts;
  const known = await refusals.get(run);
  if (!known.ok) return known;
  if (known.value?.closed === undefined) return undefined;
  const { cluster, closed } = known.value;
  const nodes = await parts.nodesOf(cluster);
  if (!nodes.ok) return nodes;
  // Whoever does not hear it is told when its agent connects.
  await Promise.all(nodes.value.map((node) => fleet.closeRun(node, run)));
  if (cluster === '') return ok(undefined);
  const given = await clusterLog.close(cluster, { type: 'RunClosed', run, status: 'failed', epoch, atMs: closed.atMs });
  return given.ok ? await endUnbegunSuccessor(parts, cluster, run) : given;
}

/** A run that the cluster was handed over to, and that can no longer begin: what its start needs is in the refused journal. */
async function endUnbegunSuccessor(
  parts: Pick<GiveBackParts, 'journal' | 'clusterLog' | 'clock' | 'epoch'>,
  cluster: string,
  run: string,
): Promise<Result<void>> {
  const holder = await parts.clusterLog.holder(cluster);
  if (!holder.ok) return holder;
  if (holder.value?.after !== run) return ok(undefined);
  const ended = await endUnstarted(parts, cluster, holder.value);
  // One whose own journal is refused is closed by an abort of its own.
  return !ended.ok && ended.failure.code === 'damaged' ? ok(undefined) : ended;
}

/** Tries until the cluster is given back, or the coordinator ends: the next one does it when it takes up its runs. */
export async function keepGivingBack(
  parts: Omit<GiveBackParts, 'finishLater'>,
  run: string,
  signal: AbortSignal,
): Promise<void> {
  do await parts.clock.sleep(againMs, signal);
  while (!signal.aborted && (await finishGivingBack(parts, run))?.ok === false);
}

/** The cluster that a run holds, or has handed over to the one that holds it. */
async function clusterHeldBy(clusterLog: ClusterLog, run: string): Promise<Result<string>> {
  const clusters = await clusterLog.clusters();
  if (!clusters.ok) return clusters;
  for (const cluster of clusters.value) {
    const holder = await clusterLog.holder(cluster);
    if (holder.ok && [holder.value?.run, holder.value?.after].includes(run)) return ok(cluster);
  }
  return ok('');
}

/** The run that has handed a cluster over to this one, which holds it. */
export async function predecessorOf(clusterLog: ClusterLog, run: string): Promise<Result<string | undefined>> {
  const clusters = await clusterLog.clusters();
  if (!clusters.ok) return clusters;
  for (const cluster of clusters.value) {
    const holder = await clusterLog.holder(cluster);
    if (holder.ok && holder.value?.run === run) return ok(holder.value.after);
  }
  return ok(undefined);
}
