// Settings files changed by bash in a folder of the test's own, and read again as readValues does.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { scriptOf } from '../../../shared/actions/jobs/scripts.ts';
import { valuesIn } from '../../../shared/actions/jobs/set-values.ts';
import { profile } from '../plans/compiled.ts';

/** Not below /tmp, where anybody may write. */
const home = '/run';
const nobody = 65_534;

describe('Scripts of settings', () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(home, 'baton-settings-'));
    path = join(folder, 'ha.conf');
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const set = (values: Record<string, string>, file = path) => {
    const pairs = Object.entries(values).map(([name, value]) => ({ name, value }));
    const script = scriptOf({ kind: 'setValues', path: file, values: pairs }, profile, folder);
    const { status, stderr } = spawnSync('bash', ['-euo', 'pipefail', '-c', script], { encoding: 'utf8' });
    return `${status} ${stderr.trim().split('\n').at(-1)}`.trim();
  };
  const read = (...names: string[]) => valuesIn(readFileSync(path, 'utf8'), names);

  it('change every line of a name as it was written, add what is missing, and leave all others alone', () => {
    writeFileSync(
      path,
      [
        '# UNIT=postgresql@15-main',
        'UNIT=postgresql@15-main   # in service',
        'export DIRECTORY="/var/lib/postgresql/15/main" # data',
        "  QUOTED = 'x y'",
        'UNIT_OLD=kept $(id) \\n &',
        'UNIT=again\r',
        'LAST=',
      ].join('\n'),
    );
    const values = {
      UNIT: 'postgresql@17-main',
      DIRECTORY: '/var/lib/postgresql/17/main',
      QUOTED: 'z',
      LAST: '1',
      NEW: '',
    };
    assert.equal(set(values), '0');
    assert.deepEqual(readFileSync(path, 'utf8').split('\n'), [
      '# UNIT=postgresql@15-main',
      'UNIT=postgresql@17-main   # in service',
      'export DIRECTORY="/var/lib/postgresql/17/main" # data',
      "  QUOTED = 'z'",
      'UNIT_OLD=kept $(id) \\n &',
      'UNIT=postgresql@17-main\r',
      'LAST=1',
      'NEW=',
      '',
    ]);
    const names = Object.keys(values);
    assert.deepEqual(
      read(...names),
      Object.entries(values).map(([name, value]) => ({ name, value })),
    );
    assert.deepEqual(read('ABSENT', 'UNIT_OLD'), [{ name: 'UNIT_OLD', value: 'kept $(id) \\n &' }]);
  });

  it('keep owner, group and mode, and do not touch a file that is as it should be', () => {
    writeFileSync(path, 'UNIT=a\n');
    chownSync(folder, nobody, nobody);
    chownSync(path, nobody, nobody);
    chmodSync(path, 0o640);
    assert.equal(set({ UNIT: 'b' }), '0');
    const { uid, gid, mode, ino } = statSync(path);
    assert.deepEqual([uid, gid, mode & 0o777], [nobody, nobody, 0o640]);
    assert.equal(set({ UNIT: 'b' }), '0');
    assert.equal(statSync(path).ino, ino);
    assert.deepEqual(readdirSync(folder), ['ha.conf']);
  });

  it('are refused where somebody else could lead root to another file', () => {
    writeFileSync(join(folder, 'real.conf'), 'UNIT=a\n');
    symlinkSync(join(folder, 'real.conf'), path);
    assert.match(set({ UNIT: 'b' }), /^70 .*no plain file/);
    rmSync(path);
    assert.match(set({ UNIT: 'b' }), /^66 .*is not there/);
    writeFileSync(path, 'UNIT=a\n');
    chownSync(folder, nobody, nobody);
    assert.match(set({ UNIT: 'b' }), /^70 .*is root's, but not .* alone/);
    chownSync(folder, 0, 0);
    const inner = join(folder, 'conf');
    mkdirSync(inner);
    writeFileSync(join(inner, 'ha.conf'), 'UNIT=a\n');
    chmodSync(folder, 0o777);
    assert.match(set({ UNIT: 'b' }, join(inner, 'ha.conf')), /^70 .*is root's, but not .* alone/);
    chmodSync(folder, 0o700);
    chownSync(path, nobody, nobody);
    assert.match(set({ UNIT: 'b' }), /^70 .*is nobody's, .* is not/);
    assert.equal(readFileSync(path, 'utf8'), 'UNIT=a\n');
  });
});
