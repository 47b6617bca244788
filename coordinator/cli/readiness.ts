// Whether a cluster's nodes can be asked at all, before anything else is tried: a node that never joined is wrong
// input, a joined one out of reach may come back.
import type { ClusterDocument } from '../../shared/documents.ts';
import { type Failure, failure, type Result } from '../../shared/failures.ts';
import { type OperatorClient, readingTimeoutMs } from './client.ts';

/** The cluster as it is now. */
export async function readCluster(client: OperatorClient, cluster: string): Promise<Result<ClusterDocument>> {
  return await client.call<ClusterDocument>('showCluster', { cluster }, readingTimeoutMs);
}

/** Why the cluster's nodes cannot all be asked; undefined when they can. */
export function unready(document: ClusterDocument): Failure | undefined {
  const named = (agent: string) => document.nodes.filter((node) => node.agent === agent).map((node) => node.name);
  const strangers = named('not joined');
  if (strangers.length > 0)
    return failure(
      'bad-input',
      `${strangers.join(', ')} of cluster ${document.cluster} never joined: run \`baton node add ${strangers[0]} --role ${document.nodes.find((node) => node.name === strangers[0])?.role}\` here and the line that it prints on the node`,
    );
  const lost = named('disconnected');
  if (lost.length > 0)
    return failure(
      'unreachable',
      `${lost.join(', ')} of cluster ${document.cluster} is out of reach: is the machine up, is its agent running (systemctl status baton-agent), can it reach this coordinator?`,
      { retryable: true },
    );
  return undefined;
}
