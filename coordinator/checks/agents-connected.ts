// Every node's agent has joined, is connected and takes actions. Looks at presence only.
import { z } from 'zod';
import type { NodePresence } from './check.ts';
import { defineCheck } from './define.ts';

export const agentsConnected = defineCheck({
  id: 'agents-connected',
  title: 'Agent is connected',
  section: 'Pre-Upgrade Requirements › Network Connectivity',
  severity: 'blocking',
  remedy: 'Look at baton-agent status on the node and at the network between it and the coordinator.',
  neverAccepted: 'nothing can be done, and nothing seen, on a node whose agent does not answer',
  params: z.strictObject({}),
  words: (_params, { nodes }) =>
    `the agents of ${nodes.map(({ name }) => name).join(', ')} are connected, none on hold`,
  *evaluate(_params, { cluster, presence }) {
    return cluster.nodes.map(({ name, role }) => ({
      node: name,
      limit: 'connected, not on hold',
      ...standing(
        presence.find(({ node }) => node === name),
        name,
        role,
      ),
    }));
  },
});

function standing(presence: NodePresence | undefined, node: string, role: string) {
  if (!presence?.joined)
    return {
      reading: 'never joined',
      verdict: 'fail' as const,
      remedy: `Join it: baton node add ${node} --role ${role}, then run the line that it prints on ${node}.`,
    };
  if (presence.refusal !== undefined) return { reading: `not served: ${presence.refusal}`, verdict: 'fail' as const };
  if (!presence.connected)
    return {
      reading: `not connected, last seen ${presence.lastSeenMs ? new Date(presence.lastSeenMs).toISOString() : 'never'}`,
      verdict: 'fail' as const,
    };
  if (presence.hold)
    return {
      reading: 'connected, on hold',
      verdict: 'fail' as const,
      remedy: `Somebody holds ${node}: ask them, then baton-agent hold --release on ${node}.`,
    };
  return { reading: `connected, agent ${presence.agentVersion}`, verdict: 'pass' as const };
}
