// Each planted bug is caught: the fault tests, with the bug in the product’s source, end with 1 and name the invariant.
// Those that only a power cut or two runs at a time show are caught by the tests that have these.
import assert from 'node:assert/strict';
import { join, resolve } from 'node:path';
import { execa } from 'execa';
import { plants } from '../../faults/planted/plants.ts';
import type { Summary } from '../../faults/table.ts';

const root = resolve(import.meta.dirname, '../../..');
const register = join(root, 'test/faults/planted/register.ts');

/** Tests of every second planted bug, in a file each, so that two files share the time. */
export function catchesPlants(first: 0 | 1): void {
  for (const { name, says, invariant, shows, provedBy } of plants.filter((_, index) => index % 2 === first))
    it(`${name}: ${says} (${invariant})`, async () => {
      if (provedBy === undefined) {
        const args = Object.entries(shows ?? {}).flatMap(([option, value]) => [`--${option}`, String(value)]);
        const ended = await execa(process.execPath, ['test/faults/faults.ts', '--json', '--plant', name, ...args], {
          cwd: root,
          reject: false,
        });
        assert.equal(ended.exitCode, 1, ended.stderr);
        const { broken } = JSON.parse(ended.stdout) as Summary;
        assert.ok(
          broken.some(({ invariants }) => invariants.includes(invariant)),
          ended.stdout,
        );
        return;
      }
      const test = async (plant: string) =>
        await execa(
          join(root, 'node_modules/.bin/mocha'),
          ['--timeout', '60000', provedBy.file, '-g', provedBy.names],
          {
            cwd: root,
            reject: false,
            env: { BATON_PLANT: plant, NODE_OPTIONS: `--import=${register}` },
          },
        );
      const [good, bad] = [await test(''), await test(name)];
      assert.equal(good.exitCode, 0, good.stdout);
      assert.notEqual(bad.exitCode, 0, bad.stdout);
      assert.match(bad.stdout, /AssertionError/);
    });
}
