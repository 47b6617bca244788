// The test file is gone from both nodes.
import { z } from 'zod';
import { nodeOf } from '../cluster/cluster.ts';
import { defineCheck, judgeEach, passIf } from './define.ts';

export const fileGone = defineCheck({
  id: 'file-gone',
  title: 'Test file is removed',
  section: 'FileDB Sync Check › Test File Synchronization (removed again)',
  severity: 'blocking',
  remedy: 'Remove it by hand on the node that still has it; file-sync should have removed it on the standby.',
  params: z.strictObject({ path: z.string() }),
  words: ({ path }) => `${path} is on neither node`,
  *evaluate({ path }, { cluster }) {
    const nodes = [nodeOf(cluster, 'master', 'app').name, nodeOf(cluster, 'standby', 'app').name];
    return yield* judgeEach(nodes, { kind: 'readFile', path }, `no ${path}`, ({ exists }) => ({
      reading: exists ? 'is still there' : 'is gone',
      verdict: passIf(!exists),
    }));
  },
});
