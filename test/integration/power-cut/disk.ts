// A disk whose power can be cut, mounted in a folder of its own: what was not synced is gone afterwards.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const program = join(import.meta.dirname, 'volatile-disk.py');

/**
 * When names are durable. `strict`: after a sync of their folder, as POSIX promises. `ordered`: after a sync of a file
 * too, as ext4, XFS and btrfs do it.
 */
export type Names = 'strict' | 'ordered';

export interface Disk {
  /** Where it is mounted. */
  folder: string;
  /**
   * Ends the processes and the disk at once, with SIGKILL; afterwards there is what was synced, and with a seed a random
   * part of what was not, the last piece of a file perhaps torn.
   */
  cut(pids: number[], seed?: number): Promise<void>;
  remove(): Promise<void>;
}

/** Mounts an empty disk. */
export async function mountDisk(names: Names): Promise<Disk> {
  const root = await mkdtemp(join(tmpdir(), 'baton-test-disk-'));
  const [image, folder] = [join(root, 'image'), join(root, 'disk')];
  await mkdir(image);
  await mkdir(folder);
  let power = await mount(image, folder, names);
  const unmount = async () => {
    if (power.exitCode === null && power.signalCode === null) {
      const gone = new Promise((resolve) => power.once('exit', resolve));
      power.kill('SIGKILL');
      await gone;
    }
    await promisify(execFile)('umount', ['--lazy', folder]);
  };
  return {
    folder,
    async cut(pids, seed) {
      // Who writes dies first: nothing that it does without power may count as written.
      for (const pid of pids) process.kill(pid, 'SIGKILL');
      if (seed !== undefined) await writeFile(join(folder, `.cut-${seed}`), '').catch(() => undefined);
      await unmount();
      power = await mount(image, folder, names);
    },
    async remove() {
      await unmount();
      await rm(root, { recursive: true, force: true });
    },
  };
}

/** Resolves when the kernel has it mounted. */
function mount(image: string, folder: string, names: Names): Promise<ChildProcess> {
  const disk = spawn('/usr/bin/python3', [program, image, folder, names], { stdio: ['ignore', 'pipe', 'pipe'] });
  return new Promise((resolve, reject) => {
    let said = '';
    disk.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    disk.once('error', reject);
    disk.once('exit', (code) =>
      reject(new Error(`the disk ended with ${code}; it needs root, /dev/fuse and python3-fusepy: ${said}`)),
    );
    disk.stdout.once('data', () => resolve(disk));
  });
}
