// Boots the lab once for all lab tests: nodes, bundle, coordinator, joined agents, cluster file applied.
// The lab stays up afterwards; scripts/test takes it down.

import { resolve } from 'node:path';
import { execa } from 'execa';
import { baton, lab, labName } from './lab.ts';

export async function mochaGlobalSetup(): Promise<void> {
  if (labName === 'lab') throw new Error('these tests reset their lab: set BATON_LAB to a name other than `lab`');
  const root = resolve(import.meta.dirname, '../..');
  const [bundle] = await Promise.all([
    execa('npm', ['run', '--silent', 'bundle'], { cwd: root, stderr: 'inherit' }),
    lab('up'),
  ]);
  await lab('coordinator', 'start');
  await lab('agents', 'install', bundle.stdout.trim().split('\n').at(-1) ?? '');
  await lab('agents', 'join');
  const applied = await baton('cluster', 'apply', await lab('cluster-file'));
  if (applied.exitCode !== 0) throw new Error(`cluster apply: exit ${applied.exitCode}\n${applied.stderr}`);
}
