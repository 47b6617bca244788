// Each planted bug has its one place in today’s source, and the source with it can still be loaded.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { join, resolve } from 'node:path';
import { editsOf, type Plant, plantIn } from '../../faults/planted/plant.ts';
import { plants } from '../../faults/planted/plants.ts';

const root = resolve(import.meta.dirname, '../../..');

describe('planted bugs', () => {
  for (const plant of plants)
    it(`${plant.name} has its place in ${plant.file}`, () => {
      for (const edit of editsOf(plant)) {
        const source = readFileSync(join(root, edit.file), 'utf8');
        const planted = plantIn(source, edit);
        assert.notEqual(planted, source);
        assert.doesNotThrow(() => stripTypeScriptTypes(planted));
      }
    });

  it('are an error where their place is gone or stands twice', () => {
    const plant: Plant = { ...(plants[0] as Plant), find: 'x', replace: 'y' };
    assert.throws(() => plantIn('', plant), /stands 0 times/);
    assert.throws(() => plantIn('x x', plant), /stands 2 times/);
    assert.equal(plantIn('$& x', { ...plant, replace: '$&' }), '$& $&');
  });

  it('have names of their own', () => {
    assert.equal(new Set(plants.map(({ name }) => name)).size, plants.length);
  });
});
