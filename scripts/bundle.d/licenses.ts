// The licences of everything that the executables contain, as those licences ask for.
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

interface Manifest {
  name: string;
  version: string;
  license?: string;
}

/** One text with the licence of Node, of nats-server and of each package folder. */
export function licensesOf(root: string, folders: Set<string>): string {
  const parts = [...folders].map((folder) => licenseOf(join(root, folder))).sort();
  const node = readFileSync(join(dirname(dirname(nodeProgram(root))), 'LICENSE'), 'utf8');
  return [
    `Node.js ${process.version}\n\n${node}`,
    'nats-server: Apache License 2.0, see LICENSE; source: https://github.com/nats-io/nats-server\n',
    'libatomic.so.1: GPL 3 with the GCC Runtime Library Exception 3.1; source: https://gcc.gnu.org/git/gcc.git\n',
    ...parts,
  ].join(`\n${'='.repeat(80)}\n\n`);
}

function nodeProgram(root: string): string {
  return join(root, `node_modules/node-linux-${process.arch}/bin/node`);
}

function licenseOf(folder: string): string {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
  const file = globSync('{LICEN[SC]E,licen[sc]e,COPYING}*', { cwd: folder }).sort()[0];
  const text = file && existsSync(join(folder, file)) ? readFileSync(join(folder, file), 'utf8') : '';
  return `${name} ${version}: ${license ?? 'see below'}\n\n${text}`;
}
