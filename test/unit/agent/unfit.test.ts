// Where backups must not lie.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { whyUnfit } from '../../../agent/backups/unfit.ts';

describe('a directory for backups', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync('/var/tmp/baton-unfit-');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('may lie on a disk, also before it is there', async () => {
    assert.equal(await whyUnfit(folder), '');
    assert.equal(await whyUnfit(join(folder, 'not/there/yet')), '');
  });

  it('lies in no memory, not even behind a link', async () => {
    symlinkSync('/dev/shm', join(folder, 'link'));
    for (const path of ['/dev/shm/backups', join(folder, 'link/backups')])
      assert.match(await whyUnfit(path), /lies in memory \(tmpfs on \/dev\/shm\)/, path);
  });

  it('lies in no server’s data', async () => {
    mkdirSync(join(folder, 'main/deep'), { recursive: true });
    writeFileSync(join(folder, 'main/PG_VERSION'), '17');
    for (const path of ['main', 'main/backups', 'main/deep/er'])
      assert.match(await whyUnfit(join(folder, path)), /lies in .*main, which is a PostgreSQL server’s data/);
    assert.equal(await whyUnfit(join(folder, 'beside')), '');
  });
});
