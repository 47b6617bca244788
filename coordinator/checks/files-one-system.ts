// No other file system is mounted below the synchronized files: neither their counts and contents nor a backup reach into it.
import { z } from 'zod';
import { nodeOf } from '../cluster/cluster.ts';
import { defineCheck, judgeEach } from './define.ts';

export const filesOneSystem = defineCheck({
  id: 'files-one-system',
  title: 'Files lie on one file system',
  section: 'FileDB Sync Check › Compare File Counts: beyond the guide, what is not compared',
  severity: 'warning',
  remedy:
    'Compare and back up what is mounted there by hand, or move it out of the tree: Baton counts, compares and backs up one file system.',
  params: z.strictObject({}),
  words: (_params, { files }) => `nothing is mounted below ${files.root} (warns only)`,
  *evaluate(_params, { cluster }) {
    const { root } = cluster.files;
    const nodes = (['master', 'standby'] as const).map((role) => nodeOf(cluster, role, 'app').name);
    return yield* judgeEach(nodes, { kind: 'readDisk', paths: [root] }, 'nothing mounted below', ({ disks }) => {
      const mounted = disks.flatMap(({ mountsBelow }) => mountsBelow);
      return mounted.length === 0
        ? { reading: `${root} lies on one file system`, verdict: 'pass' }
        : { reading: `neither compared nor backed up: ${mounted.join(', ')}`, verdict: 'warn' };
    });
  },
});
