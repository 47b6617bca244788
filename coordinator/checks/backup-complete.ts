// Parts of a backup lie on their nodes, finished; where it is asked for, verified since they were made, and restored on trial.
import { z } from 'zod';
import { formatSize } from '../../shared/units.ts';
import { type PresentPart, partsIn } from '../backups/present.ts';
import { answerOf, isFailure } from './check.ts';
import { defineCheck, type Finding, notRead } from './define.ts';

const readingTimeoutMs = 30_000;

export const backupComplete = defineCheck({
  id: 'backup-complete',
  title: 'Backup is there',
  section: 'Pre-Upgrade Requirements › Application Backup, Database Backup',
  severity: 'blocking',
  remedy:
    'Take it again: baton run retry carries the step out anew. A backup that vanishes by itself is a reason to look at that disk first.',
  params: z.strictObject({
    directory: z.string(),
    backup: z.string(),
    parts: z.array(z.strictObject({ node: z.string(), part: z.string() })).min(1),
    /** `restored`: the database's part was restored into a scratch cluster. */
    asked: z.enum(['complete', 'verified', 'restored']),
  }),
  words: ({ directory, backup, parts, asked }) =>
    `${parts.map(({ node, part }) => `${node} ${part}`).join(', ')}: ${wordsOf[asked]} in ${directory}/${backup}`,
  *evaluate({ directory, backup, parts, asked }) {
    const nodes = [...new Set(parts.map(({ node }) => node))];
    const results = yield nodes.map((node) => ({
      node,
      action: { kind: 'readBackups' as const, directory },
      timeoutMs: readingTimeoutMs,
    }));
    return parts.map(({ node, part }): Finding => {
      const limit = `${part} in ${directory}/${backup}: ${wordsOf[asked]}`;
      const list = answerOf(results[nodes.indexOf(node)], 'readBackups');
      if (isFailure(list)) return notRead(node, limit, list);
      const found = partsIn(node, list).filter((one) => one.backup === backup && one.part === part);
      return { node, limit, ...judge(found, asked) };
    });
  },
});

type Asked = 'complete' | 'verified' | 'restored';

const wordsOf: Record<Asked, string> = {
  complete: 'whole',
  verified: 'whole and verified',
  restored: 'whole, verified and restored on trial',
};

function judge(found: PresentPart[], asked: Asked): Pick<Finding, 'reading' | 'verdict'> {
  const whole = found.find(({ isComplete }) => isComplete);
  if (whole === undefined) return { reading: found.length > 0 ? 'was not finished' : 'is not there', verdict: 'fail' };
  const { sizeBytes, verifiedAtMs, restoredAtMs, warnings } = whole;
  const size = formatSize(sizeBytes);
  if (asked !== 'complete' && verifiedAtMs === 0) return { reading: `${size}, not verified`, verdict: 'fail' };
  if (asked === 'restored' && restoredAtMs === 0)
    return { reading: `${size}, verified but not restored on trial`, verdict: 'fail' };
  const noted = warnings.length > 0 ? `; noted: ${warnings.slice(0, 3).join('; ')}` : '';
  return { reading: `${size}, ${asked === 'complete' ? 'whole' : 'verified'}${noted}`, verdict: 'pass' };
}
