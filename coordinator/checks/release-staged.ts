// The installer lies on the nodes, whole and unchanged, where it can be executed.
import { z } from 'zod';
import { formatSize } from '../../shared/units.ts';
import { defineCheck, judgeEach, longReadingTimeoutMs } from './define.ts';

export const releaseStaged = defineCheck({
  id: 'release-staged',
  title: 'Installer is staged',
  section: 'Step 1: Download the Release Build › Prepare the Installer',
  severity: 'blocking',
  remedy:
    'Stage it again: baton stage; in a run that stands at it, run retry does that. A file that changes by itself is a reason to look at the node first.',
  neverAccepted: 'an installer that is not the one that was named is never executed',
  params: z.strictObject({
    nodes: z.array(z.string()).min(1),
    name: z.string(),
    sha256: z.string(),
    sizeBytes: z.number(),
  }),
  words: ({ nodes, name, sha256 }) =>
    `${nodes.join(', ')}: ${name} staged, SHA-256 ${sha256}, on a file system that may execute`,
  *evaluate({ nodes, name, sha256, sizeBytes }) {
    const limit = `${formatSize(sizeBytes)}, SHA-256 ${sha256.slice(0, 12)}…, not noexec`;
    return yield* judgeEach(
      nodes,
      { kind: 'readRelease', name, sha256 },
      limit,
      (release, node) => {
        if (!release.staged && release.sha256 === '')
          return { reading: `${release.path || name} is not there`, verdict: 'fail' };
        if (release.sha256 !== sha256)
          return { reading: `${release.path}: SHA-256 ${release.sha256.slice(0, 12)}…`, verdict: 'fail' };
        if (!release.staged || release.sizeBytes !== sizeBytes)
          return { reading: `${release.path}: ${formatSize(release.sizeBytes)}, not whole`, verdict: 'fail' };
        if (!release.mayExecute)
          return {
            reading: `${release.path} is on a file system mounted noexec`,
            verdict: 'fail',
            remedy: `Mount the file system of /var/lib/baton-agent on ${node} with exec: installers lie there and are started there.`,
          };
        return { reading: `${release.path}: as expected`, verdict: 'pass' };
      },
      longReadingTimeoutMs,
    );
  },
});
