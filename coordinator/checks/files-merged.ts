// A node lacks no file that the other node has, nor has an older one: synchronization, which removes what its source lacks,
// may run.
import { z } from 'zod';
import { formatSize } from '../../shared/units.ts';
import { defineCheck, judgeEach, longReadingTimeoutMs, passIf } from './define.ts';

export const filesMerged = defineCheck({
  id: 'files-merged',
  title: 'No file of the other node is missing',
  section: 'FileDB Sync Check',
  severity: 'blocking',
  remedy:
    'Look at ssh and rsync from the node to the other one as root, and at who still writes below files.root; then baton run retry.',
  params: z.strictObject({ node: z.string(), from: z.string() }),
  words: ({ node, from }, { files }) =>
    `${node}: has every file below ${files.root} that ${from} has, none of them older`,
  *evaluate({ node, from }, { cluster }) {
    const { root } = cluster.files;
    const address = cluster.nodes.find(({ name }) => name === from)?.address ?? from;
    const action = { kind: 'readMissingFiles', root, from: address } as const;
    const limit = `none of those of ${from} missing or older`;
    return yield* judgeEach(
      [node],
      action,
      limit,
      ({ missing, older, bytes, sample }) => ({
        reading:
          missing + older === 0
            ? 'none missing'
            : `${missing} missing, ${older} older, ${formatSize(bytes)}: ${sample.slice(0, 3).join(', ')}`,
        verdict: passIf(missing + older === 0),
      }),
      longReadingTimeoutMs,
    );
  },
});
