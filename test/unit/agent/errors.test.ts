import assert from 'node:assert/strict';
import { prefixLength } from '../../../agent/actions/access.ts';
import { countLines } from '../../../agent/actions/errors.ts';
import { judgeLogs } from '../../../agent/actions/observer-log.ts';

const at = (text: string) => Date.parse(text);

describe('Lines that tell of errors', () => {
  const log = [
    '2026-01-09 23:58:00,100 ERROR too early',
    '2026-01-09 23:59:30,100 ERROR before midnight',
    '\tat java.lang.Thread.run',
    '2026-01-10 00:00:10,100 INFO all is well',
    '2026-01-10 00:00:20,100 ERROR after midnight',
    '',
  ].join('\n');
  const count = (pattern: string | undefined, text = log, isCut = false) => {
    const counted = countLines({ text, isCut }, pattern, at('2026-01-09T23:59:00'));
    assert.ok(counted.ok);
    return counted.value;
  };

  it('count from a moment on, across midnight, an entry of many lines once', () => {
    assert.deepEqual(count('ERROR'), {
      count: 2,
      lastLine: '2026-01-10 00:00:20,100 ERROR after midnight',
      isCut: false,
    });
    assert.equal(count(undefined).count, 3);
  });
  it('count without times where the file has none', () => {
    assert.equal(count(undefined, 'broken\nbroken again\n').count, 2);
  });
  it('count in a log full of stack traces, however many lines they are', function () {
    this.timeout(30_000);
    const many = 3_000_000;
    const trace = '\tat java.lang.Thread.run\n'.repeat(many);
    assert.equal(count(undefined, trace).count, many);
    assert.equal(count(undefined, `${log}\n${trace}`).count, 3);
  });
  it('are cut only where what was not read may lie in the window', () => {
    assert.equal(count('ERROR', log, true).isCut, false);
    assert.equal(count('ERROR', log.split('\n').slice(1).join('\n'), true).isCut, true);
  });
});

describe('Masks of addresses', () => {
  it('are told by the bits that they leave fixed', () => {
    for (const [mask, length] of [
      ['0.0.0.0', 0],
      ['255.0.0.0', 8],
      ['255.255.254.0', 23],
      ['255.255.255.255', 32],
      ['::', 0],
      ['ffff:ffff::', 32],
      ['ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 128],
    ] as const)
      assert.equal(prefixLength(mask), length, mask);
  });
});

describe('What the observer began', () => {
  const span = { begin: 'started', end: 'finished' };
  const open = (days: string[][]) => {
    const files = days.map((lines, index) => ({
      path: `ha_${index}.log`,
      text: `${lines.join('\n')}\n`,
      isCut: false,
      modifiedMs: at('2026-01-10T00:30:00'),
    }));
    const read = judgeLogs(files, ['synchronization'], 120_000, at('2026-01-10T00:30:00'), span);
    assert.ok(read.ok);
    return [read.value.openLine, read.value.openAgoMs];
  };
  const started = '2026-01-09 23:50:00,000 INFO  synchronization started';

  it('goes on until an end is seen, also in the file of the next day', () => {
    assert.deepEqual(open([[started], ['2026-01-10 00:00:01,000 INFO  health']]), [started, 2_400_000]);
    assert.deepEqual(open([[started], ['2026-01-10 00:10:00,000 INFO  synchronization finished']]), ['', undefined]);
  });
  it('is begun and ended by busy lines only', () => {
    assert.deepEqual(open([[started, '2026-01-09 23:51:00,000 INFO  backup finished']])[0], started);
    assert.deepEqual(open([['2026-01-09 23:51:00,000 INFO  observer started']]), ['', undefined]);
  });
});
