// Both nodes hold the same number of files. File synchronization lags, so a gate looks again until they agree.
import { z } from 'zod';
import { nodeOf } from '../cluster/cluster.ts';
import { defineCheck, judgeEach, longReadingTimeoutMs, passIf } from './define.ts';

export const filesEqual = defineCheck({
  id: 'files-equal',
  title: 'File counts are equal',
  section: 'FileDB Sync Check › Compare File Counts',
  severity: 'blocking',
  remedy:
    'Look at systemctl status and journalctl of file-sync on the master: it does not bring files over, or somebody writes on the standby.',
  params: z.strictObject({}),
  words: (_params, { files }) => `as many files under ${files.root} on the standby as on the master`,
  *evaluate(_params, { cluster }) {
    const master = nodeOf(cluster, 'master', 'app').name;
    const standby = nodeOf(cluster, 'standby', 'app').name;
    const { root } = cluster.files;
    const counts = new Map<string, number>();
    const findings = yield* judgeEach(
      [master, standby],
      { kind: 'countFiles', root },
      'the same on both',
      ({ files }, node) => {
        counts.set(node, files);
        return { reading: `${files} files`, verdict: 'pass' };
      },
      longReadingTimeoutMs,
    );
    const expected = counts.get(master);
    return findings.map((finding) => {
      if (finding.node !== standby || finding.verdict !== 'pass') return finding;
      if (expected === undefined)
        return { ...finding, reading: `${finding.reading}, ${master} was not counted`, verdict: 'unknown' };
      return {
        ...finding,
        reading: `${finding.reading}, ${master} has ${expected}`,
        verdict: passIf(counts.get(standby) === expected),
      };
    });
  },
});
