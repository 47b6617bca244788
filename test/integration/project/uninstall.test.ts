// The guards of uninstall.sh, cut off before the first line that removes something, with an agent that says what it is told.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const script = resolve(import.meta.dirname, '../../../scripts/bundle.d/uninstall.sh');

describe('uninstall.sh', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'baton-uninstall-'));
    const guards = readFileSync(script, 'utf8').split('\nfor unit in ')[0] ?? '';
    const here = guards
      .replace(/^program=.*$/m, `program=${folder}`)
      .replace(/^state=.*$/m, `state=${folder}`)
      .replace(/^\(\(EUID == 0\)\).*$/m, '');
    writeFileSync(join(folder, 'uninstall.sh'), `${here}\necho passed\n`);
    writeFileSync(join(folder, 'ledger.sqlite'), '');
    writeFileSync(join(folder, 'systemctl'), '#!/bin/sh\n', { mode: 0o755 });
    writeFileSync(join(folder, 'baton-agent'), '#!/bin/sh\ncat "$(dirname "$0")/status.json"\n', { mode: 0o755 });
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  /** What it says to an agent's status. */
  function uninstall(status: object): { status: number | null; output: string } {
    writeFileSync(join(folder, 'status.json'), JSON.stringify(status, null, 2));
    const env = { PATH: `${folder}:/usr/bin:/bin` };
    const ended = spawnSync('bash', [join(folder, 'uninstall.sh')], { env, encoding: 'utf8' });
    return { status: ended.status, output: ended.stdout + ended.stderr };
  }
  const quiet = { schema: 1, agent: { running: true }, failover: { state: 'none', units: [] }, policy: { file: '' } };

  it('refuses while an action runs or failover is suspended, and where that cannot be told', () => {
    for (const state of ['suspended', 'unknown']) {
      const refused = uninstall({ ...quiet, failover: { state, units: [] } });
      assert.equal(refused.status, 1);
      assert.match(refused.output, /suspended.*baton-agent status.*baton failover arm/);
    }
    const busy = uninstall({ ...quiet, running: { key: 'r/s/do/1', kind: 'stopUnits', startedAt: '', unit: false } });
    assert.equal(busy.status, 1);
    assert.match(busy.output, /still runs.*baton-agent status/);
    rmSync(join(folder, 'status.json'));
    const env = { PATH: `${folder}:/usr/bin:/bin` };
    assert.throws(() => execFileSync('bash', [join(folder, 'uninstall.sh')], { env, stdio: 'pipe' }), /cannot tell/);
  });

  it('goes on where nothing runs and failover is armed, or is not this node’s', () => {
    for (const state of ['none', 'armed', 'not armed'])
      assert.deepEqual(uninstall({ ...quiet, failover: { state, units: [] } }), { status: 0, output: 'passed\n' });
  });
});
