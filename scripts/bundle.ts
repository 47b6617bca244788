// Writes build/baton-<version>-linux-<arch>.tar: everything that a machine needs, so that it installs without network and
// without Node.js. Prints the tar's path on stdout; builds nothing when the inputs are those of the tar that is there.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  globSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { atomicsLibrary, buildExecutable, strippedNode } from './bundle.d/executable.ts';
import { glibcLimit, glibcNeeded, isNewerGlibc } from './bundle.d/glibc.ts';
import { licensesOf } from './bundle.d/licenses.ts';

const root = dirname(import.meta.dirname);
const work = join(root, 'build/bundle');
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
const name = `baton-${version}-linux-${process.arch}`;
const tar = join(root, 'build', `${name}.tar`);
const stamp = join(work, `${name}.inputs`);

/** Files that go into the tar as they are, with their modes. */
const asTheyAre: [from: string, to: string, mode: number][] = [
  ['scripts/bundle.d/install.sh', 'install.sh', 0o755],
  ['scripts/bundle.d/uninstall.sh', 'uninstall.sh', 0o755],
  ['scripts/bundle.d/baton-agent.service', 'baton-agent.service', 0o644],
  ['scripts/bundle.d/baton-coordinator.service', 'baton-coordinator.service', 0o644],
  ['agent/policy/agent.yaml', 'agent.yaml', 0o644],
  ['LICENSE', 'LICENSE', 0o644],
];

function sha256(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}

/** Everything that decides what is in the tar; Node itself is named by the lock file. */
function hashOfInputs(natsServer: string): string {
  const sources = globSync(['{agent,coordinator,shared}/**/*', 'scripts/bundle.ts', 'scripts/bundle.d/*'], {
    cwd: root,
  });
  const files = [...sources, 'package.json', 'package-lock.json', 'LICENSE'].sort().map((file) => join(root, file));
  const hash = createHash('sha256').update(process.version);
  for (const file of [...files, natsServer]) {
    if (statSync(file).isFile()) hash.update(`${relative(root, file)}\0${sha256(file)}\n`);
  }
  return hash.digest('hex');
}

function natsServerProgram(): string {
  return execFileSync(join(root, 'scripts/nats-server'), {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  }).trim();
}

async function build(natsServer: string): Promise<void> {
  const contents = join(work, `${name}.${process.pid}`);
  mkdirSync(contents, { recursive: true });
  try {
    const node = strippedNode(work);
    const packages = await Promise.all([
      buildExecutable({ root, entry: 'coordinator/main.ts', node, output: join(contents, 'baton') }),
      buildExecutable({ root, entry: 'agent/main.ts', node, output: join(contents, 'baton-agent') }),
    ]);
    copyFileSync(natsServer, join(contents, 'nats-server'));
    chmodSync(join(contents, 'nats-server'), 0o755);
    copyFileSync(atomicsLibrary(), join(contents, 'libatomic.so.1'));
    for (const program of ['baton', 'baton-agent', 'nats-server', 'libatomic.so.1']) {
      const needed = glibcNeeded(join(contents, program));
      if (isNewerGlibc(needed, glibcLimit))
        throw new Error(`${program} needs glibc ${needed}, newer than the ${glibcLimit} that machines are promised`);
    }
    for (const [from, to, mode] of asTheyAre) {
      copyFileSync(join(root, from), join(contents, to));
      chmodSync(join(contents, to), mode);
    }
    writeFileSync(join(contents, 'THIRD-PARTY-LICENSES'), licensesOf(root, new Set(packages.flat())));
    const files = globSync('*', { cwd: contents }).sort();
    writeFileSync(
      join(contents, 'SHA256SUMS'),
      files.map((file) => `${sha256(join(contents, file))}  ${file}\n`).join(''),
    );
    pack(contents);
  } finally {
    rmSync(contents, { recursive: true, force: true });
  }
}

/** The tar is there whole or not at all. */
function pack(contents: string): void {
  const unfinished = `${tar}.${process.pid}`;
  const sameEachTime = ['--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner', '--format=gnu'];
  execFileSync('tar', [
    ...['-cf', unfinished, '-C', dirname(contents), ...sameEachTime],
    ...[`--transform=s,^${basename(contents)},${name},`, basename(contents)],
  ]);
  renameSync(unfinished, tar);
}

const natsServer = natsServerProgram();
const inputs = hashOfInputs(natsServer);
if (existsSync(tar) && existsSync(stamp) && readFileSync(stamp, 'utf8') === inputs) {
  console.error('bundle: up to date');
} else {
  const startedMs = performance.now();
  mkdirSync(work, { recursive: true });
  rmSync(stamp, { force: true });
  await build(natsServer);
  writeFileSync(stamp, inputs);
  const sizeMB = Math.round(statSync(tar).size / 1e6);
  console.error(`bundle: ${sizeMB} MB in ${((performance.now() - startedMs) / 1000).toFixed(1)} s`);
}
console.log(tar);
