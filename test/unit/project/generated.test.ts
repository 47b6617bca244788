// What is generated and committed is what its source generates today.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { batonVersion } from '../../../shared/version.ts';

const run = promisify(execFile);
const root = resolve(import.meta.dirname, '../../..');
const programs = join(root, 'node_modules/.bin');

function filesBelow(folder: string): Record<string, string> {
  const files = globSync('**/*.ts', { cwd: folder }).sort();
  return Object.fromEntries(files.map((file) => [file, readFileSync(join(folder, file), 'utf8')]));
}

describe('generated files', () => {
  it('shared/gen is what proto generates; otherwise run npm run generate', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'baton-generated-'));
    try {
      const env = { ...process.env, PATH: `${programs}:${process.env.PATH}` };
      await run(join(programs, 'buf'), ['generate', '--output', folder], { cwd: root, env });
      assert.deepEqual(filesBelow(join(root, 'shared/gen')), filesBelow(join(folder, 'shared/gen')));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('shared/version.ts says what package.json says', () => {
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
    assert.equal(batonVersion, version);
  });
});
