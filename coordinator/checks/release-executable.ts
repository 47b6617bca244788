// The staged installer may be executed by root, and is still the file that was staged.
import { z } from 'zod';
import { defineCheck, judgeEach, longReadingTimeoutMs } from './define.ts';

export const releaseExecutable = defineCheck({
  id: 'release-executable',
  title: 'Installer is executable',
  section: 'Step 2 › Grant Execute Permissions',
  severity: 'blocking',
  remedy: 'Run the step again; if it stays so, look at the mount options of the release directory.',
  params: z.strictObject({ node: z.string(), name: z.string(), sha256: z.string() }),
  words: ({ node, name }) => `${node}: ${name} is executable`,
  *evaluate({ node, name, sha256 }) {
    return yield* judgeEach(
      [node],
      { kind: 'readRelease', name, sha256 },
      'executable, unchanged',
      (release) => {
        if (release.sha256 !== sha256)
          return {
            reading: release.sha256 ? `SHA-256 ${release.sha256.slice(0, 12)}…` : 'is not there',
            verdict: 'fail',
          };
        if (!release.executable) return { reading: `${release.path} is not executable`, verdict: 'fail' };
        if (!release.mayExecute) return { reading: `${release.path} is mounted noexec`, verdict: 'fail' };
        return { reading: `${release.path} is executable`, verdict: 'pass' };
      },
      longReadingTimeoutMs,
    );
  },
});
