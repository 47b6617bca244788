// File synchronization runs on the master and is stopped on the standby, so that files go in one direction.
import { z } from 'zod';
import { nodeOf } from '../cluster/cluster.ts';
import { defineCheck, judgeEach, passIf } from './define.ts';
import { describeUnit, isActive, isStopped } from './unit-state.ts';

export const fileSyncPlacement = defineCheck({
  id: 'file-sync-placement',
  title: 'File synchronization runs on the master only',
  section: 'FileDB Sync Check › Verify File-Sync Service',
  severity: 'blocking',
  remedy: 'systemctl start file-sync on the master, systemctl stop file-sync on the standby.',
  params: z.strictObject({}),
  words: (_params, cluster) =>
    `${cluster.files.unit} active on ${nodeOf(cluster, 'master', 'app').name}, stopped on ${nodeOf(cluster, 'standby', 'app').name}`,
  *evaluate(_params, { cluster }) {
    const { unit } = cluster.files;
    const master = nodeOf(cluster, 'master', 'app').name;
    const standby = nodeOf(cluster, 'standby', 'app').name;
    const findings = yield* judgeEach(
      [master, standby],
      { kind: 'readUnits', units: [unit] },
      '',
      ({ units }, node) => {
        const [state] = units;
        if (state === undefined) return { reading: `${unit} not told of`, verdict: 'unknown' };
        return { reading: describeUnit(state), verdict: passIf(node === master ? isActive(state) : isStopped(state)) };
      },
    );
    return findings.map((finding) => ({
      ...finding,
      limit: `${unit} ${finding.node === master ? 'active' : 'stopped'}`,
    }));
  },
});
