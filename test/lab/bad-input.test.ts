// Wrong input ends with 2 and its reason; a failing check ends with 1; nothing on the nodes is touched by either.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CheckDocument, RunsDocument } from '../../shared/documents.ts';
import { baton, batonJson, clusterFile, type Ended, installerStarts, lab, onNode, temporaryFolder } from './lab.ts';
import { startAfresh, stateOf, upgrade, upgradeArguments } from './scenario.ts';

function assertRefused(ended: Ended, reason: RegExp, exitCode = 2): void {
  assert.equal(ended.exitCode, exitCode, ended.stderr);
  assert.match(ended.stderr, reason);
}

describe('bad input', () => {
  let installer: string;
  let runsBefore: number;
  const countRuns = async () => (await batonJson<RunsDocument>('run', 'ls')).document.runs.length;

  before(async () => {
    await startAfresh();
    installer = await lab('installer');
    runsBefore = await countRuns();
  });
  after(async () => {
    assert.equal(await countRuns(), runsBefore, 'a refused command left a run');
    assert.deepEqual(await installerStarts('n1'), []);
    assert.equal(await stateOf('n3', 'ha'), 'active');
  });

  it('an unknown cluster', async () => {
    assertRefused(await baton('upgrade', 'elsewhere', '--installer', installer, '--to', '8.7.0', '--yes'), /elsewhere/);
  });
  it('a cluster whose name tries to be an option or a path', async () => {
    for (const name of ['--help-me', '../lab', '$(reboot)'])
      assert.equal((await baton('cluster', 'show', '--', name)).exitCode, 2, name);
  });
  it('invalid YAML, with line and column', async () => {
    const file = await clusterFile((text) => text.replace('flavor: classic', 'flavor: [classic'));
    assertRefused(await baton('cluster', 'apply', file), /cluster\.yaml:\d+:\d+/);
  });
  it('a cluster file with names that try to be options, paths or code, with line and column', async () => {
    for (const name of ['-rf', '../../etc', '"$(reboot)"', '"n1; reboot"']) {
      const file = await clusterFile((text) => text.replace(/^(\s+)n1:/m, `$1${name}:`));
      assertRefused(await baton('cluster', 'apply', file), /cluster\.yaml:\d+:\d+/);
    }
  });
  it('a node that never joined', async () => {
    const file = await clusterFile((text) =>
      text
        .replace('cluster: lab', 'cluster: other')
        .replace(/^(\s+)n([123]):/gm, '$1other-n$2:')
        .replace(/address: (\d+\.\d+\.\d+)\.1([123])\b/g, 'address: $1.2$2'),
    );
    assert.equal((await baton('cluster', 'apply', file)).exitCode, 0);
    assertRefused(
      await baton('upgrade', 'other', '--installer', installer, '--to', '8.7.0', '--yes'),
      /other-n1.*join/s,
    );
  });
  it('a missing installer', async () => {
    assertRefused(
      await baton(
        'upgrade',
        'lab',
        '--installer',
        '/nowhere/MotadataServiceOpsCommonUpgrade_V870',
        '--to',
        '8.7.0',
        '--yes',
      ),
      /nowhere/,
    );
  });
  it('a wrong checksum', async () => {
    assertRefused(await upgrade('--sha256', '0'.repeat(64)), /sha-?256|checksum/i);
  });
  it('a version in the file’s name that contradicts --to', async () => {
    assertRefused(
      await baton('upgrade', 'lab', '--installer', installer, '--to', '8.8.0', '--yes'),
      /8\.7\.0.*8\.8\.0|8\.8\.0.*8\.7\.0/s,
    );
  });
  it('a target older than the installed version', async () => {
    const older = join(await temporaryFolder(), 'MotadataServiceOpsCommonUpgrade_V850');
    await writeFile(older, 'older');
    assertRefused(
      await baton('upgrade', 'lab', '--installer', older, '--to', '8.5.0', '--yes'),
      /8\.6\.0 is installed, which is newer than the target 8\.5\.0/,
    );
  });
  it('no terminal and no --yes', async () => {
    assertRefused(await baton('upgrade', ...(await upgradeArguments())), /--yes/);
  });
});

describe('a failing check', () => {
  it('ends with 1 and names node, limit, reading and remedy', async () => {
    await startAfresh();
    await onNode('n2', 'touch /opt/flotomate/main-server/filedb/one-too-many && systemctl stop postgresql@15-main');
    const { exitCode, document } = await batonJson<CheckDocument>('check', 'lab');
    assert.equal(exitCode, 1);
    const failing = document.checks.filter((check) => check.verdict === 'fail' || check.verdict === 'unknown');
    for (const id of ['replication-streaming', 'rows-equal', 'files-equal'])
      assert.ok(
        failing.some((check) => check.id === id),
        `${id} is not among ${failing.map((check) => check.id).join(', ')}`,
      );
    for (const check of failing) assert.ok(check.limit && check.reading && check.remedy, JSON.stringify(check));
  });

  it('ends an upgrade before anything is touched', async () => {
    const ended = await upgrade();
    assert.equal(ended.exitCode, 1, ended.stderr);
    assert.match(ended.stdout + ended.stderr, /n2/);
    assert.equal(await stateOf('n3', 'ha'), 'active');
    assert.equal(await stateOf('n1', 'ft-main-server'), 'active');
  });
});
