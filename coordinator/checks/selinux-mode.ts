// SELinux is in the mode that the cluster file asks for; without a word of it, in the same one on master and standby.
import { z } from 'zod';
import { defineCheck, judgeEach } from './define.ts';
import { readSecurity } from './firewall.ts';
import { workingNodes } from './site-nodes.ts';

export const selinuxMode = defineCheck({
  id: 'selinux-mode',
  title: 'SELinux is in the mode that it should be',
  section: 'Security Considerations › HA Security › Access Control',
  severity: 'blocking',
  remedy:
    'setenforce and /etc/selinux/config on the node; security.selinux in the cluster file says which mode is right.',
  params: z.strictObject({}),
  words: (_params, { security }) =>
    security.selinux === undefined ? 'SELinux is in the same mode on every node' : `SELinux is ${security.selinux}`,
  *evaluate(_params, { cluster }) {
    const { selinux: wanted } = cluster.security;
    const modes: string[] = [];
    const limit = wanted ?? 'the same everywhere';
    const findings = yield* judgeEach(workingNodes(cluster), readSecurity(cluster), limit, ({ selinux }) => {
      modes.push(selinux);
      return { reading: selinux, verdict: wanted === undefined || selinux === wanted ? 'pass' : 'fail' };
    });
    if (wanted !== undefined || new Set(modes).size < 2) return findings;
    return findings.map((finding) =>
      finding.verdict === 'pass'
        ? { ...finding, reading: `${finding.reading}, not the same everywhere`, verdict: 'warn' }
        : finding,
    );
  },
});
