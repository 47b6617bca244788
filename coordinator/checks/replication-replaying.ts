// What the primary writes is replayed on the standby: it is read where the primary is, then whether the standby comes to there,
// how old what it shows is, and when it heard of the primary last.
import { z } from 'zod';
import type { AnswerOf } from '../../shared/actions/action.ts';
import { formatDuration } from '../../shared/units.ts';
import { type Cluster, nodeOf } from '../cluster/cluster.ts';
import { answerOf, isFailure } from './check.ts';
import { defineCheck, type Finding, notRead, readFrom } from './define.ts';
import { bytesBetween } from './lsn.ts';

type State = AnswerOf<'readReplication'>;

const readingTimeoutMs = 15_000;
/** PostgreSQL's own receiver gives up after as long as this by default. */
const messageAgeMaxS = 60;

export const replicationReplaying = defineCheck({
  id: 'replication-replaying',
  title: 'Standby replays',
  section: 'Pre-Upgrade Requirements › HA Cluster Status: synchronized',
  severity: 'blocking',
  remedy:
    'Look at pg_stat_activity and the PostgreSQL log on the standby: a long query there, a full disk or a stopped process holds the replay up.',
  params: z.strictObject({}),
  words: (_params, cluster) => {
    const [primary, standby] = databases(cluster);
    return `${standby} replays what ${primary} writes, at most ${formatDuration(cluster.limits.replicationDelayMs)} behind`;
  },
  *evaluate(_params, { cluster }) {
    const nodes = databases(cluster);
    const { replicationDelayMs } = cluster.limits;
    const limit = `replays what ${nodes[0]} writes, ≤ ${formatDuration(replicationDelayMs)} behind`;
    const action = { kind: 'readReplication', database: cluster.database.name } as const;
    const results = yield nodes.map((node) => ({ node, action, timeoutMs: readingTimeoutMs }));
    const primary = answerOf(results[0], 'readReplication');
    const before = answerOf(results[1], 'readReplication');
    if (isFailure(primary)) return [notRead(nodes[0], limit, primary)];
    if (isFailure(before)) return [notRead(nodes[1], limit, before)];
    const reachedLsn = { ...(primary.lsn !== '' && before.inRecovery && { reachedLsn: primary.lsn }) };
    const after = yield* readFrom(nodes[1], { ...action, ...reachedLsn }, readingTimeoutMs);
    if (isFailure(after)) return [notRead(nodes[1], limit, after)];
    return [{ node: nodes[1], limit, ...judge(primary, before, after, nodes, replicationDelayMs) }];
  },
});

const databases = (cluster: Cluster): [string, string] => [
  nodeOf(cluster, 'master', 'db').name,
  nodeOf(cluster, 'standby', 'db').name,
];

function judge(
  primary: State,
  before: State,
  after: State,
  [primaryNode, standbyNode]: [string, string],
  delayMaxMs: number,
): Omit<Finding, 'node' | 'limit'> {
  if (!after.inRecovery) return { reading: 'is a primary, which replays nothing', verdict: 'fail' };
  if (after.replayPaused)
    return {
      reading: `replay is paused at ${after.lsn}`,
      verdict: 'fail',
      remedy: `SELECT pg_wal_replay_resume() on ${standbyNode}, once you know why it was paused.`,
    };
  const left = bytesBetween(after.lsn, primary.lsn);
  const moved = bytesBetween(before.lsn, after.lsn);
  if (left === undefined || moved === undefined)
    return {
      reading: `positions ${after.lsn || '?'} and ${primary.lsn || '?'} cannot be compared`,
      verdict: 'unknown',
    };
  if (left > 0 && moved === 0)
    return { reading: `stands at ${after.lsn}, though ${primaryNode} has written to ${primary.lsn}`, verdict: 'fail' };
  const delayMs = after.replayDelayS * 1000;
  const reading = `replayed to ${after.lsn}, ${formatDuration(delayMs)} behind, heard from ${primaryNode} ${formatDuration(after.messageAgoS * 1000)} ago`;
  const isLate = delayMs > delayMaxMs || after.messageAgoS > messageAgeMaxS;
  return { reading, verdict: isLate ? 'fail' : 'pass' };
}
