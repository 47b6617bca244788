// The master's database is the one primary, the standby's streams from it and replays. Roles are read, never assumed.
import { z } from 'zod';
import type { AnswerOf } from '../../shared/actions/action.ts';
import { formatSize } from '../../shared/units.ts';
import { type Cluster, nodeOf } from '../cluster/cluster.ts';
import { answerOf, isFailure } from './check.ts';
import { defineCheck, type Finding, notRead } from './define.ts';
import { bytesBetween } from './lsn.ts';

type State = AnswerOf<'readReplication'>;

const readingTimeoutMs = 15_000;
const primaryLimit = 'the one primary, accepting writes, with a standby streaming';

export const replicationStreaming = defineCheck({
  id: 'replication-streaming',
  title: 'Replication streams',
  section: 'Pre-Upgrade Requirements › HA Cluster Status: healthy and synchronized',
  severity: 'blocking',
  remedy: 'Look at pg_stat_replication on the primary, pg_stat_wal_receiver and the PostgreSQL log on the standby.',
  neverAccepted:
    'nothing is upgraded while it is not certain that there is one primary and a standby that has its data',
  params: z.strictObject({}),
  words: (_params, cluster) => {
    const [primary, standby] = databases(cluster);
    return `${primary} is the one primary, ${standby} streams from it, at most ${formatSize(cluster.limits.replicationLagBytes)} behind`;
  },
  *evaluate(_params, { cluster }) {
    const nodes = databases(cluster);
    const action = { kind: 'readReplication', database: cluster.database.name } as const;
    const results = yield nodes.map((node) => ({ node, action, timeoutMs: readingTimeoutMs }));
    const primary = answerOf(results[0], 'readReplication');
    const standby = answerOf(results[1], 'readReplication');
    const { replicationLagBytes } = cluster.limits;
    const standbyLimit = `standby, streaming and replaying, lag ≤ ${formatSize(replicationLagBytes)}`;
    const findings: Finding[] = [
      isFailure(primary)
        ? notRead(nodes[0], primaryLimit, primary)
        : { node: nodes[0], limit: primaryLimit, ...judgePrimary(primary, nodes[0]) },
    ];
    if (isFailure(standby)) findings.push(notRead(nodes[1], standbyLimit, standby));
    else {
      const other = isFailure(primary) ? undefined : primary;
      const judged = judgeStandby(standby, other, nodes, replicationLagBytes);
      findings.push({ node: nodes[1], limit: standbyLimit, ...judged });
    }
    return findings;
  },
});

function databases(cluster: Cluster): [string, string] {
  return [nodeOf(cluster, 'master', 'db').name, nodeOf(cluster, 'standby', 'db').name];
}

type Judgement = Omit<Finding, 'node' | 'limit'>;

function judgePrimary(state: State, node: string): Judgement {
  if (state.inRecovery)
    return {
      reading: 'is a standby (in recovery)',
      verdict: 'fail',
      remedy: `${node} is the master of the cluster file, but its database is not the primary: a failover happened. Fail back (baton recover does), or correct the roles in the cluster file.`,
    };
  if (!state.acceptsWrites) return { reading: 'primary, but read-only', verdict: 'fail' };
  const streaming = state.clients.filter((client) => client.state === 'streaming').length;
  if (streaming === 0) return { reading: 'primary, no standby streams from it', verdict: 'fail' };
  return { reading: `primary, timeline ${state.timeline}, ${streaming} streaming`, verdict: 'pass' };
}

function judgeStandby(
  state: State,
  primary: State | undefined,
  nodes: [string, string],
  lagBytesMax: number,
): Judgement {
  const [primaryNode, standbyNode] = nodes;
  if (!state.inRecovery)
    return {
      reading: primary?.inRecovery === false ? 'is a primary too: two primaries' : 'is a primary',
      verdict: 'fail',
      remedy: `Stop clients from writing to ${standbyNode}, find out which database is right, and make ${standbyNode} a standby of ${primaryNode} again: baton recover with --primary does, and sets aside what is not kept.`,
    };
  if (state.receiverStatus !== 'streaming')
    return { reading: `receiver is ${state.receiverStatus || 'not running'}`, verdict: 'fail' };
  if (state.replayPaused)
    return {
      reading: 'replay is paused',
      verdict: 'fail',
      remedy: `SELECT pg_wal_replay_resume() on ${standbyNode}, once you know why it was paused.`,
    };
  if (primary === undefined) return { reading: `streaming, but ${primaryNode} was not read`, verdict: 'unknown' };
  if (state.timeline !== primary.timeline)
    return { reading: `timeline ${state.timeline}, ${primaryNode} has ${primary.timeline}`, verdict: 'fail' };
  const lagBytes = bytesBetween(state.lsn, primary.lsn);
  if (lagBytes === undefined)
    return {
      reading: `positions ${state.lsn || '?'} and ${primary.lsn || '?'} cannot be compared`,
      verdict: 'unknown',
    };
  const reading = `streaming, ${formatSize(lagBytes)} behind`;
  return { reading, verdict: lagBytes <= lagBytesMax ? 'pass' : 'fail' };
}
