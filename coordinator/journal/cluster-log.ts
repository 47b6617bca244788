// The cluster's lock: a stream per cluster in which RunOpened and RunClosed follow each other by compare-and-set.
import { fail, ok, type Result } from '../../shared/failures.ts';
import { canonicalJson } from '../../shared/hash.ts';
import type { Bus } from '../bus/bus.ts';
import { busFailure, isConflict } from '../bus/failure.ts';
import type { ClusterFact } from './event.ts';
import { headOfEntry, openHeads } from './heads.ts';
import { ensureStream, lastSequence, readMessage, streamNames } from './streams.ts';

export type RunOpened = Extract<ClusterFact, { type: 'RunOpened' }>;
export type RunClosed = Extract<ClusterFact, { type: 'RunClosed' }>;

export interface ClusterLog {
  /**
   * Takes the cluster for a run; fails with `conflict`, naming the run that holds it. Twice for one run is once. With `after`
   * it passes from that run, and only while that one holds it.
   */
  open(cluster: string, fact: RunOpened): Promise<Result<void>>;
  /** Gives the cluster back; twice is once. */
  close(cluster: string, fact: RunClosed): Promise<Result<void>>;
  /** The run that holds the cluster. */
  holder(cluster: string): Promise<Result<RunOpened | undefined>>;
  /** Names of all clusters that ever had a run. */
  clusters(): Promise<Result<string[]>>;
}

const streamOf = (cluster: string): string => `CLUSTER_${cluster}`;
const subjectOf = (cluster: string): string => `baton.cluster.${cluster}`;
const namePattern = /^[A-Za-z0-9_-]{1,64}$/;

/** How often a write is tried against others and lost answers. */
const attemptsMax = 20;

/** Opens the clusters' locks on a bus. */
export function openClusterLog(bus: Bus): ClusterLog {
  const heads = openHeads(bus);

  const damaged = (cluster: string, entry: number): Result<never> =>
    fail(
      'damaged',
      `cluster ${cluster}: its lock is damaged at entry ${entry}, so nobody can tell whether a run holds it; none is started or taken up there. Keep a copy of the coordinator’s store, then restore a backup of it, which brings the lock back. Without a backup: look on its nodes at what ran last, join them under other names (baton node add, baton-agent join --force) and apply a cluster file with those and another name`,
    );

  /** The newest entry. A lock that lost its tail would give a cluster to a second run, so it must reach its head. */
  const tail = async (cluster: string): Promise<Result<{ sequence: number; bytes: string; fact?: ClusterFact }>> => {
    const stream = streamOf(cluster);
    // Before the entries, so that it is never newer than they are.
    const kept = await heads.kept(stream);
    if (!kept.ok) return kept;
    const last = await lastSequence(bus, stream);
    if (!last.ok) return last;
    const sequence = last.value;
    if (sequence < (kept.value?.sequence ?? 0)) return damaged(cluster, sequence + 1);
    if (sequence === 0) return ok({ sequence, bytes: '' });
    const message = await readMessage(bus, stream, { seq: sequence });
    if (!message.ok) return message;
    if (message.value === undefined) return damaged(cluster, sequence);
    const bytes = message.value.string();
    if (kept.value?.sequence === sequence && kept.value.hash !== headOfEntry(sequence, bytes).hash)
      return damaged(cluster, sequence);
    return ok({ sequence, bytes, fact: message.value.json<ClusterFact>() });
  };

  /** Appends behind the tail that `check` agreed to; `done` when there is nothing to write. */
  const append = async (
    cluster: string,
    fact: ClusterFact,
    check: (last: ClusterFact | undefined) => Result<'write' | 'done'>,
  ): Promise<Result<void>> => {
    if (!namePattern.test(cluster))
      return fail('bad-input', `cluster ${cluster}: not a name of letters, digits, - and _`);
    const made = await ensureStream(bus, streamOf(cluster), [subjectOf(cluster)]);
    if (!made.ok) return made;
    let problem: Result<never> = fail('conflict', `cluster ${cluster}: its lock is written by others all the time`);
    for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
      const last = await tail(cluster);
      if (!last.ok) return last;
      const verdict = check(last.value.fact);
      if (!verdict.ok) return verdict;
      const { sequence, bytes } = last.value;
      if (sequence > 0) {
        const kept = await heads.keep(streamOf(cluster), headOfEntry(sequence, bytes));
        if (!kept.ok) return kept;
      }
      if (verdict.value === 'done') return ok(undefined);
      try {
        const entry = canonicalJson(fact);
        await bus.js.publish(subjectOf(cluster), entry, { expect: { lastSequence: sequence } });
        return await heads.keep(streamOf(cluster), headOfEntry(sequence + 1, entry));
      } catch (error) {
        const failure = busFailure(error, `lock of cluster ${cluster}`);
        problem = { ok: false, failure };
        // A lost answer or another's write: the tail says which.
        if (!isConflict(error) && !failure.retryable) return problem;
      }
    }
    return problem;
  };

  return {
    open: (cluster, fact) =>
      append(cluster, fact, (last) => {
        const holder = last?.type === 'RunOpened' ? last : undefined;
        if (holder?.run === fact.run) return ok('done');
        if (holder?.run === fact.after) return ok('write');
        if (holder === undefined)
          return fail('conflict', `run ${fact.after} no longer holds cluster ${cluster}, so it cannot be handed over`);
        return fail(
          'conflict',
          `run ${holder.run} (${holder.plan}, by ${holder.operator}) holds cluster ${cluster}; see baton run show ${holder.run}`,
        );
      }),
    close: (cluster, fact) =>
      append(cluster, fact, (last) => ok(last?.type === 'RunOpened' && last.run === fact.run ? 'write' : 'done')),
    async holder(cluster) {
      const last = await tail(cluster);
      if (!last.ok) return last;
      return ok(last.value.fact?.type === 'RunOpened' ? last.value.fact : undefined);
    },
    async clusters() {
      const names = await streamNames(bus, 'baton.cluster.*', streamOf(''));
      if (!names.ok) return names;
      // One whose lock is lost has its head still.
      const kept = await heads.streams(streamOf(''));
      if (!kept.ok) return kept;
      const lost = kept.value.map((stream) => stream.slice(streamOf('').length));
      return ok([...new Set([...names.value, ...lost])].sort());
    },
  };
}
