// Whether anything still runs in a unit's control group, in whichever hierarchy systemd keeps it.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCode } from './system-error.ts';

const hierarchies = ['/sys/fs/cgroup', '/sys/fs/cgroup/systemd', '/sys/fs/cgroup/unified'];

/** Whether no process is in a control group (as systemd names it; empty: it has none) or in one below it. */
export async function isControlGroupEmpty(controlGroup: string): Promise<boolean> {
  if (controlGroup === '') return true;
  for (const hierarchy of hierarchies) {
    if (!(await isFolderEmpty(join(hierarchy, controlGroup)))) return false;
  }
  return true;
}

async function isFolderEmpty(folder: string): Promise<boolean> {
  try {
    if ((await readFile(join(folder, 'cgroup.procs'), 'utf8')).trim() !== '') return false;
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      if (entry.isDirectory() && !(await isFolderEmpty(join(folder, entry.name)))) return false;
    }
    return true;
  } catch (error) {
    // It went away while we looked, or this hierarchy doesn't have it.
    if (['ENOENT', 'ENODEV', 'ENOTDIR'].includes(errorCode(error) ?? '')) return true;
    throw error;
  }
}
