// /opt/HA belongs to one user, the same on every node, who may act with sudo: otherwise its scripts end half way.
import { z } from 'zod';
import { answerOf, isFailure } from './check.ts';
import { defineCheck, type Finding, notRead } from './define.ts';
import { allNodes } from './site-nodes.ts';

const readingTimeoutMs = 15_000;

export const haOwner = defineCheck({
  id: 'ha-owner',
  title: 'The HA scripts belong to one user with sudo rights',
  section: 'HA Security › Access Control',
  severity: 'blocking',
  remedy:
    'chown -R the folder to one user on every node, chmod o-w it, and let that user use sudo without a password (visudo).',
  params: z.strictObject({}),
  words: () => 'the HA folder has the same owner on every node, who may use sudo, and nobody else may write it',
  *evaluate(_params, { cluster }) {
    const nodes = allNodes(cluster);
    const results = yield nodes.map((node) => ({
      node,
      action: { kind: 'readHaOwner' as const },
      timeoutMs: readingTimeoutMs,
    }));
    const answers = results.map((result) => answerOf(result, 'readHaOwner'));
    const owners = answers.flatMap((answer) => (isFailure(answer) || !answer.exists ? [] : [userOf(answer.owner)]));
    const usual = mostOften(owners);
    const limit = `one user, ${usual || 'the same everywhere'}, with sudo`;
    return answers.map((answer, index): Finding => {
      const node = nodes[index] ?? '';
      if (isFailure(answer)) return notRead(node, limit, answer);
      const { directory, exists, owner, mode, maySome, mayAll, withoutPassword, detail } = answer;
      if (!exists)
        return {
          node,
          limit,
          reading: `${directory} is not there`,
          verdict: 'fail',
          remedy: `Install the HA software on ${node}.`,
        };
      const reading = `${directory} ${owner} ${mode}, sudo: ${detail || 'nothing'}`;
      const wrong = (verdict: 'fail' | 'warn', what: string, remedy: string): Finding => ({
        ...{ node, limit, reading: `${reading}: ${what}`, verdict, remedy },
      });
      if (userOf(owner) !== usual || owners.filter((one) => one === usual).length * 2 <= owners.length)
        return wrong(
          'fail',
          `other nodes have ${[...new Set(owners)].join(', ')}`,
          `On ${node}: chown -R ${usual}: ${directory}`,
        );
      if ((Number.parseInt(mode, 8) & 0o002) !== 0)
        return wrong('fail', 'everybody may write it', `On ${node}: chmod o-w ${directory}`);
      if (!maySome) return wrong('fail', 'no sudo rights', `On ${node}: visudo -f /etc/sudoers.d/${userOf(owner)}`);
      if (!withoutPassword)
        return wrong(
          'warn',
          'sudo asks for a password, which scripts cannot give',
          `On ${node}: NOPASSWD in /etc/sudoers.d`,
        );
      if (!mayAll)
        return wrong('warn', 'some commands only', `On ${node}: see that these are all that the HA scripts use.`);
      return { node, limit, reading, verdict: 'pass' };
    });
  },
});

const userOf = (owner: string): string => owner.split(':')[0] ?? '';

function mostOften(names: string[]): string {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].toSorted(([, a], [, b]) => b - a)[0]?.[0] ?? '';
}
