// Every sentence of the guide has something of Baton that carries it out, and what the page names is there.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { checkCatalogue } from '../../../coordinator/checks/catalogue.ts';
import { faultsOf, guideCoverage, guides, sentencesOf } from '../../../scripts/guide-coverage.ts';
import type { Means } from '../../../scripts/guide-coverage-means.ts';
import { coverage } from '../../../scripts/guide-coverage-rows.ts';

const root = resolve(import.meta.dirname, '../../..');
const text = (file: string): string => readFileSync(join(root, file), 'utf8');
const keysOf = (outline: string) => sentencesOf(outline).map(({ section, bullet }) => `${section} | ${bullet}`);
const [upgrade, patroni] = guides.map(({ file }) => keysOf(text(file)));
const without = (keys: string[]) => keys.filter((key) => (coverage[key] ?? []).length === 0);

describe('the coverage of the guides', () => {
  it('has a row for every sentence of the upgrade guide', () => assert.deepEqual(without(upgrade ?? []), []));

  it('sees a sentence that has none', () =>
    assert.deepEqual(without(keysOf('# New\n- Something: that nobody does')), ['New | Something: that nobody does']));

  it('has rows for nothing but sentences of the guides, each of them once', () => {
    const keys = [...(upgrade ?? []), ...(patroni ?? [])];
    assert.deepEqual(
      Object.keys(coverage).filter((key) => !keys.includes(key)),
      [],
    );
    assert.equal(new Set(keys).size, keys.length);
  });

  it('names only what is there and tested', () =>
    assert.deepEqual([...new Set(Object.values(coverage).flatMap((means) => means.flatMap(faultsOf)))], []));

  it('names checks of the catalogue', () =>
    assert.deepEqual(
      Object.values(coverage).flatMap((means) =>
        means.flatMap((one) => (one.is === 'check' && !checkCatalogue.has(one.id) ? [one.id] : [])),
      ),
      [],
    ));

  it('gives the advice that it names: people find it in the documents', () => {
    const given = Object.values(coverage)
      .flat()
      .filter((one): one is Extract<Means, { file: string }> => one.is === 'advice');
    assert.ok(given.length > 0);
    for (const { id, file } of given) assert.ok(text(file).includes(id), `${file} does not say ${JSON.stringify(id)}`);
  });

  it('sees a name that is nowhere', () => {
    const lost: Means = { is: 'step', id: 'no-such-step', file: 'coordinator/plans/failover.ts', test: 'README.md' };
    assert.equal(faultsOf(lost).length, 2);
    assert.equal(faultsOf({ ...lost, test: 'no/such.test.ts' }).length, 1);
    assert.notDeepEqual(faultsOf({ is: 'check', id: 'no-such-check' }), []);
  });

  it('is drawn; otherwise run npm run docs', () => assert.equal(text('docs/guide-coverage.md'), guideCoverage()));
});
