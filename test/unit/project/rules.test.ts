// The project's own rules, read off its tracked files; the linter has the others.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../../..');
const tracked = execFileSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8' })
  .split('\0')
  .filter((file) => file !== '' && existsSync(join(root, file)));
const sources = tracked.filter((file) => file.endsWith('.ts') && !file.startsWith('shared/gen/'));
const product = sources.filter((file) => /^(agent|coordinator|shared)\//.test(file));
const linesOf = (file: string): number => text(file).trimEnd().split('\n').length;
const text = (file: string): string => readFileSync(join(root, file), 'utf8');

/** Files and lines that match, for a message that can be clicked. */
function linesWith(files: string[], pattern: RegExp): string[] {
  return files.flatMap((file) =>
    text(file)
      .split('\n')
      .flatMap((line, index) => (pattern.test(line) ? [`${file}:${index + 1}: ${line.trim().slice(0, 120)}`] : [])),
  );
}

/** Folders (first part of the path) that a file imports from. */
function importsOf(file: string): string[] {
  const specifiers = [...text(file).matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map((match) => match[1] ?? '');
  return specifiers.map((specifier) => join(file, '..', specifier).split('/')[0] ?? '');
}

describe('the project', () => {
  it('has no source file of more than 300 lines', () => {
    const long = [...sources, ...tracked.filter((file) => /^(scripts|proto)\//.test(file))]
      .filter((file) => linesOf(file) > 300)
      .map((file) => `${file}: ${linesOf(file)} lines`);
    assert.deepEqual(long, []);
  });

  it('keeps agent, coordinator and shared apart', () => {
    const allowed: Record<string, string[]> = {
      agent: ['agent', 'shared'],
      coordinator: ['coordinator', 'shared'],
      shared: ['shared'],
    };
    const crossing = product.flatMap((file) =>
      importsOf(file)
        .filter((folder) => !allowed[file.split('/')[0] ?? '']?.includes(folder))
        .map((folder) => `${file} imports from ${folder}`),
    );
    assert.deepEqual(crossing, []);
  });

  it('opens every source file with what it does', () => {
    const silent = [...product, ...sources.filter((file) => file.startsWith('scripts/'))].filter(
      (file) => !/^(#!.*\n)?\/\//.test(text(file)),
    );
    assert.deepEqual(silent, []);
  });

  it('can be bundled: nothing is looked up beside a source file, and only a main.ts asks whether it is the main one', () => {
    assert.deepEqual(linesWith(product, /import\.meta\.(url|dirname|filename|resolve)/), []);
    const others = product.filter((file) => !file.endsWith('/main.ts'));
    assert.deepEqual(linesWith(others, /import\.meta\.main/), []);
  });

  it('starts its programs with Node: a shell would take the backquotes of their first comment for commands', () => {
    const { bin } = JSON.parse(text('package.json')) as { bin: Record<string, string> };
    for (const file of Object.values(bin)) {
      assert.match(text(file), /^#!\/usr\/bin\/env node\n/, file);
      assert.ok(statSync(join(root, file)).mode & 0o111, `${file} is not executable`);
    }
  });

  it('leaves nothing for later', () => {
    const words = new RegExp(`\\b(${['TO' + 'DO', 'FIX' + 'ME', 'X' + 'XX'].join('|')})\\b`);
    assert.deepEqual(linesWith(tracked, words), []);
  });

  it('names no machine and no registry', () => {
    const places = [root, `/wo${'rk'}/`, `/Us${'ers'}/`]
      .filter((path) => path.length > 4)
      .map((path) => RegExp.escape(path));
    assert.deepEqual(linesWith(tracked, new RegExp(places.join('|'))), []);
    assert.deepEqual(linesWith(tracked, new RegExp(`registry${'\\.'}[a-z]|"res${'olved'}":`)), []);
  });

  it('has only the folders that it promises', () => {
    const folders = new Set(tracked.filter((file) => file.includes('/')).map((file) => file.split('/')[0] ?? ''));
    const promised = ['.ci', 'agent', 'coordinator', 'docs', 'proto', 'scripts', 'shared', 'test'];
    assert.deepEqual([...folders].filter((folder) => !promised.includes(folder)).sort(), []);
  });
});
