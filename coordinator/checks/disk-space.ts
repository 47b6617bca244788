// Enough free space where the application, its files and the installer lie.
import { z } from 'zod';
import { formatSize } from '../../shared/units.ts';
import type { CheckContext } from './check.ts';
import { defineCheck, type Finding, judgeEach, longReadingTimeoutMs, passIf } from './define.ts';

/** The installer itself, what it unpacks, and what it replaces. */
const installerFactor = 3;

export const diskSpace = defineCheck({
  id: 'disk-space',
  title: 'Disk space',
  section: 'Pre-Upgrade Requirements › Disk Space',
  severity: 'blocking',
  remedy: 'Free or add space on the node (df -h shows where); limits.diskFree in the cluster file is the share.',
  neverAccepted: 'an installer that fills the disk stops half way',
  params: z.strictObject({
    nodes: z.array(z.string()).min(1),
    release: z.strictObject({ name: z.string(), sha256: z.string(), sizeBytes: z.number() }).nullable(),
    /** After the work a disk that is nearly full is something to be told of, nothing to stand still for. */
    onlyWarns: z.literal(true).optional(),
  }),
  words: ({ nodes, release, onlyWarns }, { limits }) =>
    `${nodes.join(', ')}: ${percent(limits.diskFreeShare)} of the disks free${
      release ? `, and ${formatSize(installerFactor * release.sizeBytes)} for the installer` : ''
    }${onlyWarns ? ' (warns only)' : ''}`,
  *evaluate({ nodes, release, onlyWarns }, { cluster }: CheckContext) {
    const paths = [...new Set([cluster.files.root, cluster.application.version.file])];
    const limit = `≥ ${percent(cluster.limits.diskFreeShare)} free`;
    const findings: Finding[] = yield* judgeEach(nodes, { kind: 'readDisk', paths }, limit, ({ disks }) => {
      const share = (disk: { freeBytes: number; sizeBytes: number }) => disk.freeBytes / disk.sizeBytes;
      // A size of 0 gives no number, which must not compare as enough.
      const isEnough =
        disks.length === paths.length && disks.every((disk) => share(disk) >= cluster.limits.diskFreeShare);
      const seen = disks.map(
        (disk) => `${disk.mountPoint}: ${formatSize(disk.freeBytes)} (${percent(share(disk))}) free`,
      );
      const verdict = isEnough ? 'pass' : onlyWarns ? 'warn' : 'fail';
      return { reading: [...new Set(seen)].join(', ') || 'no file system was named', verdict };
    });
    if (release === null) return findings;
    const { name, sha256, sizeBytes } = release;
    const neededBytes = installerFactor * sizeBytes;
    const room: Finding[] = yield* judgeEach(
      nodes,
      { kind: 'readRelease', name, sha256 },
      `≥ ${formatSize(neededBytes)} free for the installer`,
      ({ freeBytes, path, staged }) => ({
        reading: `${path}: ${formatSize(freeBytes)} free`,
        verdict: passIf(freeBytes + (staged ? sizeBytes : 0) >= neededBytes),
      }),
      longReadingTimeoutMs,
    );
    return [...findings, ...room];
  },
});

const percent = (share: number): string => `${Number.isFinite(share) ? Math.round(share * 100) : '?'} %`;
