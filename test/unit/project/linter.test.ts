// The linter and the compiler catch what reviews would otherwise have to: each rule is seen refusing a planted mistake.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../../..');

/** What `biome lint` says of one file, under the project's own configuration. */
async function lint(path: string, source: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'baton-linter-'));
  try {
    const configuration = JSON.parse(readFileSync(join(root, 'biome.json'), 'utf8')) as Record<string, unknown>;
    writeFileSync(join(folder, 'biome.json'), JSON.stringify({ ...configuration, vcs: { enabled: false } }));
    for (const [file, text] of [
      ['tsconfig.json', readFileSync(join(root, 'tsconfig.json'), 'utf8')],
      [path, source],
    ] as const) {
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      writeFileSync(join(folder, file), text);
    }
    return await new Promise((done) => {
      const program = join(root, 'node_modules/.bin/biome');
      execFile(program, ['lint', path], { cwd: folder }, (_error, stdout, stderr) => done(stdout + stderr));
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const planted: [what: string, path: string, source: string, rule: string][] = [
  [
    'a promise that nobody waits for',
    'agent/planted.ts',
    'async function act(): Promise<number> {\n  return 1;\n}\nexport function go(): void {\n  act();\n}\n',
    'noFloatingPromises',
  ],
  [
    'a switch that forgets a case',
    'agent/planted.ts',
    "export function go(x: 'a' | 'b'): number {\n  switch (x) {\n    case 'a':\n      return 1;\n  }\n  return 2;\n}\n",
    'useExhaustiveSwitchCases',
  ],
  [
    'an agent that imports the coordinator',
    'agent/planted.ts',
    "export { nodeOf } from '../coordinator/cluster/cluster.ts';\n",
    'noRestrictedImports',
  ],
  [
    'a coordinator that imports the agent',
    'coordinator/runs/planted.ts',
    "export { ledger } from '../../agent/ledger/ledger.ts';\n",
    'noRestrictedImports',
  ],
  [
    'a shared module that imports either',
    'shared/planted.ts',
    "export { ledger } from '../agent/ledger/ledger.ts';\n",
    'noRestrictedImports',
  ],
  [
    'a sequencer that reads files',
    'coordinator/sequencer/planted.ts',
    "export { readFileSync } from 'node:fs';\n",
    'noRestrictedImports',
  ],
  [
    'a judge that shares code with what it judges',
    'test/faults/judge/planted.ts',
    "export { fold } from '../../../coordinator/sequencer/apply.ts';\n",
    'noRestrictedImports',
  ],
  ['any', 'shared/planted.ts', 'export const x: any = 1;\n', 'noExplicitAny'],
];

describe('the linter', () => {
  for (const [what, path, source, rule] of planted) {
    it(`refuses ${what}`, async () => assert.match(await lint(path, source), new RegExp(rule)));
  }
  it('has nothing against a file without a mistake', async () => {
    assert.match(await lint('agent/planted.ts', 'export const x = 1;\n'), /Checked 1 file.*No fixes applied/s);
  });
});
