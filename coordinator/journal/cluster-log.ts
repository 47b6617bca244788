// The cluster's lock: a stream per cluster in which RunOpened and RunClosed follow each other by compare-and-set.
import { fail, ok, type Result } from '../../shared/failures.ts';
import { canonicalJson } from '../../shared/hash.ts';
import type { Bus } from '../bus/bus.ts';
import { busFailure, isConflict } from '../bus/failure.ts';
import type { ClusterFact } from './event.ts';
import { ensureStream, lastSequence, readMessage } from './streams.ts';

export type RunOpened = Extract<ClusterFact, { type: 'RunOpened' }>;
export type RunClosed = Extract<ClusterFact, { type: 'RunClosed' }>;

export interface ClusterLog {
  /** Takes the cluster for a run; fails with `conflict`, naming the run that holds it. Twice for one run is once. */
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
  const tail = async (cluster: string): Promise<Result<{ sequence: number; fact: ClusterFact | undefined }>> => {
    const last = await lastSequence(bus, streamOf(cluster));
    if (!last.ok) return last;
    if (last.value === 0) return ok({ sequence: 0, fact: undefined });
    const message = await readMessage(bus, streamOf(cluster), { seq: last.value });
    if (!message.ok) return message;
    if (message.value === undefined)
      return fail('damaged', `cluster ${cluster}: the newest entry of its lock cannot be read; keep the store`);
    return ok({ sequence: last.value, fact: message.value.json<ClusterFact>() });
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
      if (verdict.value === 'done') return ok(undefined);
      try {
        await bus.js.publish(subjectOf(cluster), canonicalJson(fact), {
          expect: { lastSequence: last.value.sequence },
        });
        return ok(undefined);
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
        if (last?.type !== 'RunOpened') return ok('write');
        if (last.run === fact.run) return ok('done');
        return fail(
          'conflict',
          `run ${last.run} (${last.plan}, by ${last.operator}) holds cluster ${cluster}; see baton run show ${last.run}`,
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
      try {
        const names: string[] = [];
        for await (const name of bus.jsm.streams.names('baton.cluster.*')) names.push(name.slice('CLUSTER_'.length));
        return ok(names.sort());
      } catch (error) {
        return { ok: false, failure: busFailure(error, 'list of clusters') };
      }
    },
  };
}
