// rsync on the other node can be used as file synchronization does, in both directions, and what passes is encrypted.
import { z } from 'zod';
import { type Cluster, nodeOf } from '../cluster/cluster.ts';
import { answerOf, isFailure } from './check.ts';
import { defineCheck, type Finding, notRead } from './define.ts';
import { addressOf } from './site-nodes.ts';

const readingTimeoutMs = 15_000;

export const rsyncReachable = defineCheck({
  id: 'rsync-reachable',
  title: 'rsync reaches the other node, encrypted',
  section: 'File Synchronization Issues › Verify rsync connectivity between nodes',
  severity: 'blocking',
  remedy: 'Try by hand what the reading names; files.transport in the cluster file says how files are synchronized.',
  params: z.strictObject({}),
  words: (_params, { files, security }) =>
    `rsync answers from either node by ${files.transport.by}${security.encrypted ? ', encrypted' : ''}`,
  *evaluate(_params, { cluster }) {
    const { transport } = cluster.files;
    const pairs = [pair(cluster, 'master', 'standby'), pair(cluster, 'standby', 'master')];
    const results = yield pairs.map(({ from, to }) => ({
      node: from,
      action: {
        kind: 'readRsync' as const,
        address: addressOf(cluster, to),
        transport: transport.by,
        port: transport.port,
      },
      timeoutMs: readingTimeoutMs,
    }));
    const limit = `by ${transport.by}${cluster.security.encrypted ? ', encrypted' : ''}`;
    return pairs.map(({ from, to }, index): Finding => {
      const answer = answerOf(results[index], 'readRsync');
      if (isFailure(answer)) return notRead(from, limit, answer);
      const reading = `${from} → ${to}: ${answer.detail}`;
      if (!answer.reachable)
        return { node: from, limit, reading, verdict: 'fail', remedy: remedyFor(cluster, from, to) };
      if (cluster.security.encrypted && !answer.encrypted)
        return {
          ...{ node: from, limit, reading: `${reading}, not encrypted`, verdict: 'fail' },
          remedy:
            'Let file synchronization go over ssh or stunnel; security.encrypted: false in the cluster file takes it as it is.',
        };
      return { node: from, limit, reading, verdict: 'pass' };
    });
  },
});

const pair = (cluster: Cluster, from: 'master' | 'standby', to: 'master' | 'standby') => ({
  from: nodeOf(cluster, from, 'app').name,
  to: nodeOf(cluster, to, 'app').name,
});

function remedyFor(cluster: Cluster, from: string, to: string): string {
  const { transport } = cluster.files;
  const address = addressOf(cluster, to);
  if (transport.by !== 'ssh')
    return `On ${to}: is rsync’s daemon up on port ${transport.port}? From ${from}: nc -z ${address} ${transport.port}`;
  return `On ${from}, as root: ssh -o BatchMode=yes -p ${transport.port} ${address} rsync --version; it needs root’s key in authorized_keys on ${to} and its host key in known_hosts.`;
}
