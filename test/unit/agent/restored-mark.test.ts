// The mark that a part was restored to its end: set by the agent at the very end, gone before anything is changed anew.
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Manifest, markRestored, writeManifest } from '../../../agent/backups/manifest.ts';
import { readPart } from '../../../agent/backups/parts.ts';
import { restoreDatabaseScript } from '../../../shared/actions/jobs/restore-database.ts';
import { restoreFilesScript } from '../../../shared/actions/jobs/restore-files.ts';
import { forgetRestored } from '../../../shared/actions/jobs/script.ts';
import { sha256Hex } from '../../../shared/hash.ts';
import { profile } from '../plans/compiled.ts';

const backup = 'upgrade-1';

describe('the mark of a restored part', () => {
  let folder: string;
  const sums = async (text: string): Promise<void> => {
    await writeFile(join(folder, 'SHA256SUMS'), text);
    const manifest: Manifest = {
      ...{ schema: 1, key: 'k', backup, part: 'application', madeAtMs: 1, bytes: 1, files: 1, paths: ['/opt/a'] },
      ...{
        excludes: [],
        database: '',
        schemaDigest: '',
        serverMajor: 0,
        rows: [],
        warnings: [],
        sumsSha256: sha256Hex(text),
      },
    };
    await writeManifest(folder, manifest);
  };
  const restoredBy = async () => (await readPart(folder, backup, 'application')).restoredBy;

  beforeEach(async () => {
    folder = join(await mkdtemp(join(tmpdir(), 'baton-mark-')), 'application');
    await mkdir(folder);
    await sums('one');
  });
  afterEach(() => rm(join(folder, '..'), { recursive: true }));

  it('names the run that restored it last, and none before', async () => {
    assert.equal(await restoredBy(), '');
    assert.ok((await markRestored(folder, 'rollback-1', 1)).ok);
    assert.equal(await restoredBy(), 'rollback-1');
    assert.ok((await markRestored(folder, 'rollback-2', 2)).ok);
    assert.equal(await restoredBy(), 'rollback-2');
  });

  it('does not speak for another backup that took its place, nor where it was changed', async () => {
    await markRestored(folder, 'rollback-1', 1);
    await sums('two');
    assert.equal(await restoredBy(), '');
    await sums('one');
    assert.equal(await restoredBy(), 'rollback-1');
    await writeFile(join(folder, 'restored.json'), '{"content":{"run":"rollback-1"},"sha256":"0"}');
    assert.equal(await restoredBy(), '');
  });

  it('is taken away by both scripts after the sums were read and before anything is changed', () => {
    const at = { directory: '/var/backups/baton', backup };
    const files = restoreFilesScript({ kind: 'restoreFiles', ...at, part: 'application', excludes: [] }, profile, '/f');
    const database = restoreDatabaseScript(
      { kind: 'restoreDatabase', ...at, database: 'db', jobs: 2, aside: 'baton-aside-rollback-1' },
      profile,
      '/f',
    );
    for (const [{ lines }, change] of [
      [files, '--checksum'],
      [database, "trap '(give_back)"],
    ] as const) {
      const forgets = lines.findIndex((line) => line.trim() === forgetRestored);
      assert.ok(forgets > lines.findIndex((line) => line.includes('sha256sum --check')));
      assert.ok(forgets < lines.findIndex((line) => line.includes(change)), change);
    }
  });
});
