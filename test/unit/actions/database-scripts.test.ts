// What a script of databases asks the server, answered by a stand-in of `runuser`, which starts nothing.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { asideName } from '../../../shared/actions/jobs/places.ts';
import { type ScriptAction, scriptOf } from '../../../shared/actions/jobs/scripts.ts';
import { profile } from '../plans/compiled.ts';

describe('Scripts of databases', () => {
  let folder: string;
  let restore: ScriptAction;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'baton-databases-'));
    const part = join(folder, 'upgrade-1/database');
    mkdirSync(join(part, 'dump'), { recursive: true });
    writeFileSync(join(part, 'size'), '900000000000000\n');
    const sum = spawnSync('sha256sum', ['size'], { cwd: part, encoding: 'utf8' }).stdout;
    writeFileSync(join(part, 'SHA256SUMS'), sum);
    const standIn = `#!/bin/sh
echo "$*" >>${folder}/asked
case $* in
  *is_in_recovery*) echo f ;;
  *server_version_num*) echo 17 ;;
  *data_directory*) echo ${folder} ;;
  *pg_database*"'d'"*) echo 1 ;;
  *pg_database*) echo 0 ;;
esac
`;
    writeFileSync(join(folder, 'runuser'), standIn, { mode: 0o755 });
    const at = { directory: folder, backup: 'upgrade-1' };
    restore = { kind: 'restoreDatabase', ...at, database: 'd', jobs: 1, aside: asideName('rollback-1') };
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const carryOut = () => {
    const env = { ...process.env, PATH: `${folder}:${process.env['PATH']}` };
    const script = scriptOf(restore, profile, folder);
    const { status, stderr } = spawnSync('bash', ['-euo', 'pipefail', '-c', script], {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      encoding: 'utf8',
    });
    assert.doesNotMatch(readFileSync(join(folder, 'asked'), 'utf8'), /ALTER|DROP|--create/);
    return `${status} ${stderr}`;
  };

  it('restore nothing where it would not fit beside the present one', () => {
    assert.match(carryOut(), /^74 restoring d beside .* are free; nothing was changed/);
  });

  it('carry nothing out that a backup says instead of a number', () => {
    const part = join(folder, 'upgrade-1/database');
    writeFileSync(join(part, 'size'), `x[$(touch ${folder}/planted)]\n`);
    writeFileSync(join(part, 'SHA256SUMS'), spawnSync('sha256sum', ['size'], { cwd: part, encoding: 'utf8' }).stdout);
    assert.match(carryOut(), /^65 .*size holds no number/s);
    assert.ok(!existsSync(join(folder, 'planted')));
  });
});
