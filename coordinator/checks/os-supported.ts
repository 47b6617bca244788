// The operating systems are ones that the guide supports, as the cluster file lists them.
import { z } from 'zod';
import { defineCheck, judgeEach, passIf } from './define.ts';

export const osSupported = defineCheck({
  id: 'os-supported',
  title: 'Operating system is supported',
  section: 'Supported Operating Systems',
  severity: 'blocking',
  remedy:
    'Upgrade the operating system first; widening supported.os in the cluster file is a deviation from the guide.',
  params: z.strictObject({ nodes: z.array(z.string()).min(1) }),
  words: ({ nodes }, { supported }) => `${nodes.join(', ')}: one of ${supported.os.join(', ')}`,
  *evaluate({ nodes }, { cluster: { supported } }) {
    return yield* judgeEach(nodes, { kind: 'readNode' }, supported.os.join(', '), ({ os, osVersion }) => ({
      reading: `${os} ${osVersion}`,
      verdict: passIf(supported.os.some((entry) => covers(entry, os, osVersion))),
    }));
  },
});

/** `ubuntu 24` covers 24.04; `rhel 9.2` covers 9.2 only. */
function covers(entry: string, os: string, osVersion: string): boolean {
  const [name, version] = entry.split(' ');
  return name === os && version !== undefined && (osVersion === version || osVersion.startsWith(`${version}.`));
}
