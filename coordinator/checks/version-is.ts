// The installed application is of exactly this version.
import { z } from 'zod';
import { defineCheck, judgeEach, passIf } from './define.ts';

export const versionIs = defineCheck({
  id: 'version-is',
  title: 'Installed version',
  section: 'Run the Installer › Verify Completion',
  severity: 'blocking',
  remedy: 'Read the installer’s log on the node (baton run logs): it ended without this version being there.',
  params: z.strictObject({ nodes: z.array(z.string()).min(1), version: z.string() }),
  words: ({ nodes, version }) => `${nodes.join(', ')}: version ${version} installed`,
  *evaluate({ nodes, version }, { cluster: { application } }) {
    const { file, pattern } = application.version;
    return yield* judgeEach(nodes, { kind: 'readVersion', file, pattern }, version, (answer) => ({
      reading: answer.version || `none in ${file}`,
      verdict: passIf(answer.version === version),
    }));
  },
});
