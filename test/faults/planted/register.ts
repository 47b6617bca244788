// Loaded with `node --import`: plants the bug that BATON_PLANT names into the product’s source, in this process and, through
// NODE_OPTIONS, in those that it starts. Without BATON_PLANT it does nothing.
import { registerHooks } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { editsOf, plantIn } from './plant.ts';
import { plantOf } from './plants.ts';

const name = process.env.BATON_PLANT;
if (name !== undefined && name !== '') {
  const plant = plantOf(name);
  if (plant === undefined) throw new Error(`there is no plant ${name}`);
  const root = resolve(import.meta.dirname, '../../..');
  const edits = new Map(editsOf(plant).map((edit) => [pathToFileURL(join(root, edit.file)).href, edit]));
  registerHooks({
    load(url, context, nextLoad) {
      const loaded = nextLoad(url, context);
      const edit = edits.get(url);
      if (edit === undefined || loaded.source == null) return loaded;
      const { source } = loaded;
      const text = typeof source === 'string' ? source : new TextDecoder().decode(source);
      return { ...loaded, source: plantIn(text, edit) };
    },
  });
}
