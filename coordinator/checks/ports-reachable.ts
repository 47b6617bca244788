// Nodes reach the ports that they need of one another, each asked to connect itself, so that both directions are seen.
import { z } from 'zod';
import { answerOf, isFailure } from './check.ts';
import { defineCheck, type Finding, notRead } from './define.ts';
import { addressOf, allNodes, neededPorts } from './site-nodes.ts';

const readingTimeoutMs = 15_000;

const meaning: Record<string, string> = {
  refused: 'refused: nobody listens there, or a rule rejects it',
  filtered: 'filtered: nothing came back, so a firewall drops it or the node is away',
  unreachable: 'unreachable: no way there',
};

export const portsReachable = defineCheck({
  id: 'ports-reachable',
  title: 'Nodes reach one another',
  section: 'Pre-Upgrade Requirements › Network Connectivity: between HA nodes',
  severity: 'blocking',
  remedy: 'Open the port: see ss -ltn on the node that it is on, and the firewalls of both and between them.',
  params: z.strictObject({}),
  words: (_params, cluster) =>
    [...new Set(neededPorts(cluster).map(({ port, what }) => `${port} (${what})`))].join(', ') +
    ' answer from every node that needs them, both ways',
  *evaluate(_params, { cluster }) {
    const needed = neededPorts(cluster);
    const sources = allNodes(cluster).filter((name) => needed.some(({ from }) => from === name));
    const results = yield sources.map((node) => ({
      node,
      action: {
        kind: 'readPorts' as const,
        targets: needed
          .filter(({ from }) => from === node)
          .map(({ to, port }) => ({ address: addressOf(cluster, to), port })),
      },
      timeoutMs: readingTimeoutMs,
    }));
    return sources.map((node, index): Finding => {
      const wanted = needed.filter(({ from }) => from === node);
      const limit = `${wanted.map(({ to, port }) => `${to}:${port}`).join(', ')} open`;
      const answer = answerOf(results[index], 'readPorts');
      if (isFailure(answer)) return notRead(node, limit, answer);
      const stateOf = (to: string, port: number) =>
        answer.ports.find((one) => one.address === addressOf(cluster, to) && one.port === port)?.state;
      const closed = wanted.filter(({ to, port }) => stateOf(to, port) !== 'open');
      if (closed.length === 0) return { node, limit, reading: `${wanted.length} ports open`, verdict: 'pass' };
      const said = closed.map(({ to, port, what }) => {
        const state = stateOf(to, port);
        return `${node} → ${to} port ${port} (${what}) ${state === undefined ? 'not told of' : (meaning[state] ?? state)}`;
      });
      const isUnknown = closed.every(({ to, port }) => stateOf(to, port) === undefined);
      return {
        node,
        limit,
        reading: said.join('; '),
        verdict: isUnknown ? 'unknown' : 'fail',
        remedy: remedyFor(closed),
      };
    });
  },
});

function remedyFor(closed: { from: string; to: string; port: number; what: string }[]): string {
  const lines = closed.map(({ from, to, port }) => `on ${to}: ss -ltn sport = :${port}, and let ${from} in`);
  const web = closed.some(({ what }) => what === 'web server')
    ? ' Where nodes do not reach the web server on that port, network.web says so.'
    : '';
  return `${[...new Set(lines)].join('; ')}.${web}`;
}
