// Boots the labs once for all lab tests: nodes, bundle, coordinator, joined agents, cluster file applied.
// They stay up afterwards; scripts/test takes them down.

import { join, resolve } from 'node:path';
import { execa } from 'execa';
import { environmentOf, labNames } from './lab.ts';

const root = resolve(import.meta.dirname, '../..');

export async function mochaGlobalSetup(): Promise<void> {
  if (labNames.includes('lab'))
    throw new Error('these tests reset their lab: set BATON_LAB to a name other than `lab`');
  const bundle = await execa('npm', ['run', '--silent', 'bundle'], { cwd: root, stderr: 'inherit' });
  const tarball = bundle.stdout.trim().split('\n').at(-1) ?? '';
  // One after another: they share image and cores.
  for (const name of labNames) await boot(name, tarball);
}

async function boot(name: string, tarball: string): Promise<void> {
  const run = async (file: string, ...args: string[]) =>
    (await execa(file, args, { cwd: root, env: environmentOf(name), stdin: 'ignore', timeout: 300_000 })).stdout;
  const lab = (...args: string[]) => run(join(root, 'scripts/lab'), ...args);
  await lab('up');
  await lab('coordinator', 'start');
  await lab('agents', 'install', tarball);
  await lab('agents', 'join');
  const file = (await lab('cluster-file')).trim();
  await run(process.execPath, join(root, 'coordinator/main.ts'), 'cluster', 'apply', file);
}
