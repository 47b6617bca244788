// Operator › ShowFailover: armed, or suspended since when and by which run, as the observer's node says now.
import type { FailoverDocument } from '../../shared/documents.ts';
import { answerOf, isFailure } from '../checks/check.ts';
import { coversAll, describeFailover } from '../checks/failover-armed.ts';
import { type Cluster, nodeOf } from '../cluster/cluster.ts';
import type { Fleet } from '../fleet/fleet.ts';

const readTimeoutMs = 5_000;

/** What the observer's agent says; `unknown` with the reason when it does not answer. */
export async function readFailover(fleet: Fleet, cluster: Cluster): Promise<FailoverDocument> {
  const observer = nodeOf(cluster, 'observer').name;
  const { units } = cluster.observer;
  const state = answerOf(await fleet.read(observer, { kind: 'readFailover', units }, readTimeoutMs), 'readFailover');
  if (isFailure(state)) return { schema: 1, state: 'unknown', message: state.message };
  const iso = (atMs: number) => new Date(atMs).toISOString();
  const isArmed = state.armed && !state.suspended && coversAll(state, units);
  return {
    schema: 1,
    state: isArmed ? 'armed' : 'suspended',
    ...(state.suspended && state.suspendedAtMs > 0 ? { since: iso(state.suspendedAtMs) } : {}),
    ...(state.suspended && state.deadlineMs > 0 ? { deadline: iso(state.deadlineMs) } : {}),
    ...(state.suspended && state.run !== '' ? { run: state.run } : {}),
    message: isArmed ? '' : `${observer}: ${describeFailover(state)}`,
  };
}
