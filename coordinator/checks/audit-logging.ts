// What keeps the audit log runs on every node.
import { z } from 'zod';
import { defineCheck, type Finding, judgeEach } from './define.ts';
import { allNodes } from './site-nodes.ts';
import { describeUnit, isActive, missingUnits } from './unit-state.ts';

export const auditLogging = defineCheck({
  id: 'audit-logging',
  title: 'Audit logging is on',
  section: 'HA Security › Audit Logging',
  severity: 'warning',
  remedy:
    'systemctl enable --now auditd on the node; security.audit in the cluster file names another service, or why there is none.',
  params: z.strictObject({}),
  words: (_params, { security: { audit } }) =>
    'none' in audit
      ? `no audit log is kept: ${audit.none}`
      : `${audit.units.join(', ')} active on every node (warns only)`,
  *evaluate(_params, { cluster }) {
    const { audit } = cluster.security;
    if ('none' in audit)
      return [{ node: '', limit: 'none', reading: `not looked for: ${audit.none}`, verdict: 'pass' } satisfies Finding];
    return yield* judgeEach(allNodes(cluster), { kind: 'readUnits', units: audit.units }, 'active', (states) => {
      const wrong = [
        ...states.units.filter((unit) => !isActive(unit)).map(describeUnit),
        ...missingUnits(states, audit.units),
      ];
      return wrong.length > 0
        ? { reading: wrong.join('; '), verdict: 'fail' }
        : { reading: `${audit.units.join(', ')} active`, verdict: 'pass' };
    });
  },
});
