// `run verify` as people and scripts meet it: a file or stdin, no coordinator, another machine.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { exportLines } from '../../../coordinator/journal/export.ts';
import { journalOf } from '../../unit/journal/sample-journal.ts';
import { mainPath } from './fake-operator.ts';

const lines = exportLines(journalOf(3)).map((line) => JSON.stringify(line));
const whole = `${lines.join('\n')}\n`;
const changed = whole.replace('"coordinator\\":\\"c1', '"coordinator\\":\\"cX');
const without = (...indexes: number[]): string =>
  `${lines.filter((_, index) => !indexes.includes(index)).join('\n')}\n`;

describe('baton run verify', function () {
  this.timeout(60_000);
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'baton-verify-'));
  });
  after(() => rm(folder, { recursive: true }));

  /** Where nothing of Baton runs. */
  const verify = async (file: string, ...more: string[]) =>
    await execa(process.execPath, [mainPath, 'run', 'verify', file, ...more], {
      env: { BATON_ADDRESS: 'unix:/nowhere', NO_COLOR: '' },
      reject: false,
      ...(file === '-' ? { input: whole } : { stdin: 'ignore' as const }),
    });
  const verifyText = async (text: string, ...more: string[]) => {
    const file = join(folder, 'export.jsonl');
    await writeFile(file, text);
    return await verify(file, ...more);
  };

  it('says that a whole journal is whole, from a file and from stdin, and ends with 0', async () => {
    for (const ended of [await verifyText(whole), await verify('-')]) {
      assert.equal(ended.exitCode, 0, ended.stderr);
      assert.match(ended.stdout, /^Journal of run upgrade-1: 3 events, complete and unchanged; head [0-9a-f]{64}\.$/);
    }
  });

  for (const [what, text, expected] of [
    ['an event was changed', changed, /damaged at event 2: it was changed/],
    ['an event was removed', without(1), /damaged at event 2: it says that it is event 3/],
    [
      'events were swapped',
      [lines[1], lines[0], ...lines.slice(2)].join('\n'),
      /damaged at event 1: it says that it is event 2/,
    ],
    ['an event is there twice', [lines[0], ...lines].join('\n'), /damaged at event 2: it says that it is event 1/],
    ['the end was cut off', without(2, 3), /damaged at event 3: .*was cut off/],
    ['the last event is missing', without(2), /damaged at event 3: the file holds 2 events, its last line says 3/],
    ['it was cut off in the middle of a line', whole.slice(0, whole.length / 2), /damaged at event 2: .*no event/],
    ['it is empty', '', /damaged at event 1: the file is empty/],
    ['it is something else', 'not an export\n', /damaged at event 1: .*no event/],
  ] as const)
    it(`says so, names the event and ends with 1 when ${what}`, async () => {
      const ended = await verifyText(text, '--json');
      assert.equal(ended.exitCode, 1);
      assert.match(ended.stderr, expected);
      const { schema, ok, sequence } = JSON.parse(ended.stdout) as Record<string, unknown>;
      assert.deepEqual({ schema, ok }, { schema: 1, ok: false });
      assert.match(ended.stderr, new RegExp(`at event ${sequence}:`));
    });

  it('ends with 2 where there is nothing to read', async () => {
    const ended = await verify(join(folder, 'missing.jsonl'));
    assert.equal(ended.exitCode, 2);
    assert.match(ended.stderr, /cannot be read/);
  });
});
