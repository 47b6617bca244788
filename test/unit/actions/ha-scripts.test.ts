// Whose power an HA script gets, as bash decides it in the folder in which it is run.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { scriptOf } from '../../../shared/actions/jobs/scripts.ts';
import { profile } from '../plans/compiled.ts';

const nobody = 65_534;

describe('Scripts of HA software', () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join('/run', 'baton-ha-'));
    chmodSync(folder, 0o755);
    path = join(folder, 'master.sh');
    writeFileSync(path, 'id -un\n');
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const run = () => {
    const script = scriptOf({ kind: 'runHaScript', script: 'master.sh' }, { ...profile, haDirectory: folder }, '/job');
    const { status, stdout, stderr } = spawnSync('bash', ['-euo', 'pipefail', '-c', script], { encoding: 'utf8' });
    return `${status} ${stdout}${stderr}`.trim();
  };

  it('run as the owner of their folder', () => {
    assert.equal(run(), '0 root');
    chownSync(folder, nobody, nobody);
    assert.equal(run(), '0 nobody');
  });

  it('are not run where somebody else could have put them there', () => {
    chownSync(path, nobody, nobody);
    assert.match(run(), /^70 others than root may write/);
    chownSync(path, 0, 0);
    chmodSync(folder, 0o775);
    assert.match(run(), /^70 others than root may write/);
    chownSync(folder, nobody, nobody);
    assert.equal(run(), '0 nobody');
    chmodSync(folder, 0o1777);
    assert.match(run(), /^70 others than nobody may write/);
    chmodSync(folder, 0o755);
    chmodSync(path, 0o666);
    assert.match(run(), /^70 others than nobody may write/);
  });
});
