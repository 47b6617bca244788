// On which file system a path lies, and how that is mounted.
import { readFile, realpath, statfs } from 'node:fs/promises';
import type { AnswerOf } from '../../shared/actions/action.ts';

type Disk = AnswerOf<'readDisk'>['disks'][number];

/** Free and whole size of the file system under a path, and its mount options; throws where there is no such path. */
export async function readDiskOf(path: string): Promise<Disk> {
  const [system, really, table] = await Promise.all([
    statfs(path, { bigint: true }),
    realpath(path),
    readFile('/proc/self/mountinfo', 'utf8'),
  ]);
  const mount = mountOf(really, table);
  return {
    path,
    mountPoint: mount.point,
    mountOptions: mount.options,
    sizeBytes: Number(system.blocks * system.bsize),
    freeBytes: Number(system.bavail * system.bsize),
    mountsBelow: mountsBelow(really, table),
  };
}

/** Where other file systems are mounted below a folder. */
export function mountsBelow(folder: string, mountinfo: string): string[] {
  const prefix = folder === '/' ? '/' : `${folder}/`;
  const points = mountinfo.split('\n').map(pointOf);
  return [...new Set(points.filter((point) => point.startsWith(prefix) && point !== folder))].sort();
}

/** The mount point of a line of mountinfo, in which blanks are written as octal numbers. */
const pointOf = (line: string): string =>
  (line.split(' ')[4] ?? '').replace(/\\([0-7]{3})/g, (_all, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );

/** The mount under which a path lies: the longest mount point above it, the newest of several on one place. */
export function mountOf(path: string, mountinfo: string): { point: string; options: string[]; type: string } {
  let found = { point: '/', options: [] as string[], type: '' };
  for (const line of mountinfo.split('\n')) {
    const [before = '', after = ''] = line.split(' - ');
    const fields = before.split(' ');
    const point = pointOf(line);
    if (point === '' || point.length < found.point.length) continue;
    if (point !== '/' && path !== point && !path.startsWith(`${point}/`)) continue;
    const options = [...(fields[5] ?? '').split(','), ...(after.split(' ')[2] ?? '').split(',')];
    const type = after.split(' ')[0] ?? '';
    found = { point, options: [...new Set(options)].filter((option) => option !== ''), type };
  }
  return found;
}
