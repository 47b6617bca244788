// The programs that plans run on a node are there, and the packages that the cluster file asks for, as the package manager
// says, in the same versions on both sides.
import { z } from 'zod';
import { type Cluster, nodeOf } from '../cluster/cluster.ts';
import { answerOf, isFailure } from './check.ts';
import { defineCheck, type Finding, notRead } from './define.ts';
import { workingNodes } from './site-nodes.ts';

const readingTimeoutMs = 15_000;
const everywhere = ['systemctl', 'systemd-run', 'find', 'tar', 'sha256sum', 'df', 'stat', 'awk', 'sort', 'cmp', 'sudo'];

/** What plans run there, beside PostgreSQL's own programs, which have a check of their own. */
function programsOf(cluster: Cluster, name: string): string[] {
  const tiers = cluster.nodes.find((node) => node.name === name)?.tiers ?? [];
  return [
    ...everywhere,
    ...(tiers.includes('app') ? ['rsync', ...(cluster.files.transport.by === 'ssh' ? ['ssh'] : []), 'ip'] : []),
    ...(tiers.includes('db') ? ['psql', 'runuser'] : []),
  ];
}

export const packagesInstalled = defineCheck({
  id: 'packages-installed',
  title: 'Packages and programs are there',
  section: 'Service Startup Failures › Verify dependencies are installed',
  severity: 'blocking',
  remedy:
    'Install what is missing on the node (apt-get install or dnf install), in the version that the other one has.',
  params: z.strictObject({}),
  words: (_params, { requires }) =>
    `programs that plans run are there${requires.packages.length > 0 ? `, and ${requires.packages.join(', ')} of the same versions` : ''}`,
  *evaluate(_params, { cluster }) {
    const nodes = workingNodes(cluster);
    const { packages } = cluster.requires;
    const results = yield nodes.map((node) => ({
      node,
      action: { kind: 'readPackages' as const, packages, programs: programsOf(cluster, node) },
      timeoutMs: readingTimeoutMs,
    }));
    const answers = results.map((result) => answerOf(result, 'readPackages'));
    const versionsOn = (node: string) => {
      const answer = answers[nodes.indexOf(node)];
      return answer === undefined || isFailure(answer) ? [] : answer.packages;
    };
    return nodes.map((node, index): Finding => {
      const answer = answers[index];
      const limit = [...programsOf(cluster, node), ...packages].join(', ');
      if (answer === undefined || isFailure(answer)) return notRead(node, limit, answer ?? nothing);
      const missing = [
        ...answer.programs.filter(({ path }) => path === '').map(({ name }) => `no program ${name}`),
        ...answer.packages.filter(({ version }) => version === '').map(({ name }) => `package ${name} not installed`),
        ...packages.slice(answer.packages.length).map((name) => `${name} not told of`),
      ];
      if (missing.length > 0) return { node, limit, reading: missing.join('; '), verdict: 'fail' };
      const master = masterOf(cluster, node);
      const others = answer.packages.flatMap(({ name, version }) => {
        const there = versionsOn(master).find((one) => one.name === name)?.version;
        return there === undefined || there === version || there === ''
          ? []
          : [`${name} ${version}, ${master} has ${there}`];
      });
      if (others.length > 0) return { node, limit, reading: others.join('; '), verdict: 'warn' };
      return {
        node,
        limit,
        reading: `${answer.programs.length + answer.packages.length} of them there`,
        verdict: 'pass',
      };
    });
  },
});

const nothing = { code: 'internal', message: 'no reading was taken', retryable: false, evidence: '' } as const;

/** The one with whose packages a node's are compared: of the same tier. */
function masterOf(cluster: Cluster, name: string): string {
  const tier = cluster.nodes.find((node) => node.name === name)?.tiers[0] ?? 'app';
  return nodeOf(cluster, 'master', tier).name;
}
