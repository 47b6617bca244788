// The bundle as a machine gets it: whole, for old enough systems, and running without Node.js, environment or project.
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { glibcLimit, glibcNeeded, isNewerGlibc } from '../../../scripts/bundle.d/glibc.ts';
import { batonVersion } from '../../../shared/version.ts';

const run = promisify(execFile);
const root = resolve(import.meta.dirname, '../../..');

interface Ended {
  code: number;
  output: string;
}

async function ended(file: string, args: string[]): Promise<Ended> {
  return await new Promise((done) => {
    execFile(file, args, { env: { PATH: '/usr/bin:/bin' } }, (error, stdout, stderr) =>
      done({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, output: stdout + stderr }),
    );
  });
}

describe('the bundle', function () {
  this.timeout(180_000);
  let folder: string;
  let contents: string;

  before(async () => {
    const { stdout } = await run(process.execPath, [join(root, 'scripts/bundle.ts')]);
    folder = mkdtempSync(join(tmpdir(), 'baton-bundle-'));
    execFileSync('tar', ['-xf', stdout.trim(), '-C', folder]);
    contents = join(folder, `baton-${batonVersion}-linux-${process.arch}`);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('asks for no glibc newer than the promised one', () => {
    for (const program of ['baton', 'baton-agent', 'nats-server', 'libatomic.so.1']) {
      const needed = glibcNeeded(join(contents, program));
      assert.ok(!isNewerGlibc(needed, glibcLimit), `${program} needs glibc ${needed}`);
    }
  });

  it('runs without Node.js and without the project', async () => {
    assert.match((await ended(join(contents, 'baton'), ['--help'])).output, /upgrade/);
    assert.match((await ended(join(contents, 'baton-agent'), ['--help'])).output, /join/);
    assert.match((await ended(join(contents, 'nats-server'), ['--version'])).output, /2\.\d+/);
  });

  it('needs no library beyond what every machine has and what it brings', () => {
    const everywhere = /^(linux-vdso|ld-linux.*|lib(c|m|dl|pthread|stdc\+\+|gcc_s|resolv)\.so\.\d+)/;
    for (const program of ['baton', 'baton-agent', 'nats-server']) {
      const text = execFileSync('readelf', ['--wide', '--dynamic', join(contents, program)], { encoding: 'utf8' });
      const libraries = [...text.matchAll(/\(NEEDED\).*\[(.+)\]/g)].map((match) => match[1] ?? '');
      const missing = libraries.filter((name) => !everywhere.test(name) && !existsSync(join(contents, name)));
      assert.deepEqual(missing, [], program);
    }
    const mapped = execFileSync('ldd', [join(contents, 'baton')], { encoding: 'utf8' });
    assert.match(mapped, new RegExp(`libatomic.so.1 => ${RegExp.escape(contents)}/`));
  });

  it('brings the licences of what is in it', () => {
    const text = readFileSync(join(contents, 'THIRD-PARTY-LICENSES'), 'utf8');
    for (const name of ['Node.js', 'nats-server', '@grpc/grpc-js', 'winston', 'commander'])
      assert.ok(text.includes(name), name);
  });

  it('installs everything below a directory, and a second time nothing', async () => {
    const target = join(folder, 'target');
    const first = await ended(join(contents, 'install.sh'), ['--all', '--root', target]);
    assert.equal(first.code, 0, first.output);
    for (const [file, mode] of [
      ['usr/local/bin/baton', 0o755],
      ['usr/local/bin/baton-agent', 0o755],
      ['usr/local/lib/baton/nats-server', 0o755],
      ['etc/systemd/system/baton-agent.service', 0o644],
      ['etc/systemd/system/baton-coordinator.service', 0o644],
      ['etc/baton/agent.yaml', 0o600],
      ['etc/baton/hooks', 0o700],
      ['var/lib/baton', 0o700],
      ['var/lib/baton-agent', 0o700],
    ] as const)
      assert.equal(statSync(join(target, file)).mode & 0o777, mode, file);
    assert.deepEqual(await ended(join(contents, 'install.sh'), ['--all', '--root', target]), { code: 0, output: '' });
  });

  it('installs only the agent on a node, and leaves its policy alone', async () => {
    const target = join(folder, 'node');
    mkdirSync(join(target, 'etc/baton'), { recursive: true });
    writeFileSync(join(target, 'etc/baton/agent.yaml'), 'installers: false\n');
    assert.equal((await ended(join(contents, 'install.sh'), ['--agent', '--root', target])).code, 0);
    assert.equal(readFileSync(join(target, 'etc/baton/agent.yaml'), 'utf8'), 'installers: false\n');
    assert.ok(!existsSync(join(target, 'usr/local/bin/baton')));
    const hash = (file: string) => createHash('sha256').update(readFileSync(file)).digest('hex');
    assert.equal(hash(join(target, 'usr/local/bin/baton-agent')), hash(join(contents, 'baton-agent')));
  });

  it('refuses to install when it is damaged', async () => {
    const damaged = join(folder, 'damaged');
    execFileSync('cp', ['-r', contents, damaged]);
    appendFileSync(join(damaged, 'baton-agent'), 'x');
    const target = join(folder, 'untouched');
    const refused = await ended(join(damaged, 'install.sh'), ['--agent', '--root', target]);
    assert.equal(refused.code, 1);
    assert.match(refused.output, /damaged/);
    assert.ok(!existsSync(target));
  });

  it('says how it is used instead of guessing', async () => {
    assert.equal((await ended(join(contents, 'install.sh'), [])).code, 2);
    assert.equal((await ended(join(contents, 'install.sh'), ['--everything'])).code, 2);
  });

  it('is not built again when nothing has changed', async () => {
    const { stderr } = await run(process.execPath, [join(root, 'scripts/bundle.ts')]);
    assert.match(stderr, /up to date/);
  });
});
