// The test file is on the standby with the content that was written on the master.
import { z } from 'zod';
import { nodeOf } from '../cluster/cluster.ts';
import { defineCheck, judgeEach } from './define.ts';

export const fileArrived = defineCheck({
  id: 'file-arrived',
  title: 'Test file is on the standby',
  section: 'FileDB Sync Check › Test File Synchronization',
  severity: 'blocking',
  remedy: 'Look at journalctl -u file-sync on the master: it does not bring new files over.',
  params: z.strictObject({ path: z.string(), sha256: z.string() }),
  words: ({ path }, cluster) => `${nodeOf(cluster, 'standby', 'app').name}: ${path} with the same content`,
  *evaluate({ path, sha256 }, { cluster }) {
    const node = nodeOf(cluster, 'standby', 'app').name;
    return yield* judgeEach([node], { kind: 'readFile', path }, `${path} with the same content`, (file) => {
      if (!file.exists) return { reading: 'is not there', verdict: 'fail' };
      if (file.sha256 !== sha256) return { reading: `${file.sizeBytes} bytes of other content`, verdict: 'fail' };
      return { reading: 'is there', verdict: 'pass' };
    });
  },
});
