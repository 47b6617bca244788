// The documents say what the code says.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { withGeneratedParts } from '../../../scripts/docs.ts';

const root = resolve(import.meta.dirname, '../../..');
const documents = ['README.md', 'ARCHITECTURE.md', 'CHANGELOG.md'];
const text = (file: string): string => readFileSync(join(root, file), 'utf8');

/** Places that a document names: links, and paths in backquotes that begin with one of the project's folders. */
function placesIn(document: string): string[] {
  const links = [...text(document).matchAll(/\]\((?!https?:|#)([^)#]+)\)/g)].map((match) => match[1] ?? '');
  const paths = text(document).matchAll(/`((?:agent|coordinator|proto|scripts|shared|test)\/[\w./-]+)`/g);
  return [...links, ...[...paths].map((match) => match[1] ?? '')];
}

describe('the documents', () => {
  it('have their generated parts up to date; otherwise run npm run docs', () => {
    assert.equal(text('ARCHITECTURE.md'), withGeneratedParts(text('ARCHITECTURE.md')));
  });

  it('see a part that is out of date', () => {
    const stale = text('ARCHITECTURE.md').replace('`step-started`', '`step-begun`');
    assert.notEqual(stale, withGeneratedParts(stale));
  });

  it('name only files that are there', () => {
    const missing = documents.flatMap((document) =>
      placesIn(document)
        .filter((place) => !/\bmy-/.test(place) && !existsSync(join(root, dirname(document), place)))
        .map((place) => `${document}: ${place}`),
    );
    assert.deepEqual(missing, []);
  });

  it('name only scripts that npm has', () => {
    const { scripts } = JSON.parse(text('package.json')) as { scripts: Record<string, string> };
    const named = documents.flatMap((document) => [...text(document).matchAll(/npm run ([a-z:]+)/g)]);
    assert.deepEqual(
      named.map((match) => match[1] ?? '').filter((name) => !(name in scripts)),
      [],
    );
  });

  it('shows only commands of scripts/lab that it has', () => {
    const help = execFileSync(join(root, 'scripts/lab'), ['--help'], { encoding: 'utf8' });
    const named = documents.flatMap((document) => [...text(document).matchAll(/scripts\/lab ([a-z][a-z-]+)/g)]);
    assert.deepEqual(
      named.map((match) => match[1] ?? '').filter((command) => !new RegExp(`^  ${command}\\b`, 'm').test(help)),
      [],
    );
  });
});
