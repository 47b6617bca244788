// The manifest of a large folder beside what find and sha256sum alone need for the same files. Makes its own files, and
// removes them.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { execa } from 'execa';
import { formatSize } from '../../shared/units.ts';
import { type Figures, measureBeside } from './beside.ts';

const filesInFolder = 1000;
const ratioMax = { size: 2, content: 1.5 };

interface Once {
  tookMs: number;
  memoryBytes: number;
  files: number;
  unhashed: number;
}

export async function measureManifest(files: number, rounds: number): Promise<{ figures: Figures[]; memory: string }> {
  const within = await mkdtemp(join(tmpdir(), 'baton-bench-'));
  const root = join(within, 'files');
  try {
    await makeFiles(root, files);
    let memoryBytes = 0;
    const own = async (what: 'size' | 'content'): Promise<number> => {
      const script = resolve(import.meta.dirname, 'manifest-once.ts');
      const { stdout } = await execa(process.execPath, [script, root, within, what]);
      const once = JSON.parse(stdout) as Once;
      if (once.files !== files || once.unhashed !== 0) throw new Error(`${what}: it is not whole: ${stdout}`);
      memoryBytes = Math.max(memoryBytes, once.memoryBytes);
      return once.tookMs;
    };
    const raw = async (line: string): Promise<number> => {
      const startedMs = performance.now();
      await execa('sh', ['-c', line, 'sh', root]);
      return performance.now() - startedMs;
    };
    const figures = [
      await measureBeside(
        `manifest of ${files} files, path and size`,
        [
          { name: 'baton', take: () => own('size') },
          { name: 'find -printf', take: () => raw(`find "$1" -xdev -type f -printf '%s %P\\0' >/dev/null`) },
        ],
        rounds,
        ratioMax.size,
      ),
      await measureBeside(
        `manifest of ${files} files with content, for the first time`,
        [
          { name: 'baton', take: () => own('content') },
          {
            name: 'find | xargs sha256sum',
            take: () => raw('find "$1" -xdev -type f -print0 | xargs -0 -n 1000 -P 2 sha256sum >/dev/null'),
          },
        ],
        rounds,
        ratioMax.content,
      ),
    ];
    return { figures, memory: `at most ${formatSize(memoryBytes)} of memory` };
  } finally {
    await rm(within, { recursive: true, force: true });
  }
}

/** Of some hundred bytes to two kB, as tickets' attachments are at their smallest: what counts here is their number. */
async function makeFiles(root: string, count: number): Promise<void> {
  process.stderr.write(`making ${count} files in ${root}\n`);
  const bytes = Buffer.alloc(4096, 'all the same but for where it begins and ends: ');
  for (let at = 0; at < count; at += filesInFolder) {
    const folder = join(root, String(at / filesInFolder).padStart(5, '0'));
    await mkdir(folder, { recursive: true });
    const numbers = Array.from({ length: Math.min(filesInFolder, count - at) }, (_, index) => at + index);
    await Promise.all(
      numbers.map((number) =>
        writeFile(
          join(folder, `attachment-${number}.bin`),
          bytes.subarray(number % 2000, (number % 2000) + 200 + (number % 1500)),
        ),
      ),
    );
  }
}
