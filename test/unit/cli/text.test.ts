// What machines wrote never reaches the terminal as a command to it.
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { jsonText } from '../../../coordinator/cli/io.ts';
import { table } from '../../../coordinator/cli/view/table.ts';
import { bar, clean, cleanBlock, cut, wrap } from '../../../coordinator/cli/view/text.ts';

// biome-ignore lint/suspicious/noControlCharactersInRegex: looking for them is the purpose
const control = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/u;
const anyText = fc.string({ unit: 'binary', maxLength: 200 });

describe('text for terminals', () => {
  it('holds no control character, whatever a program wrote', () => {
    fc.assert(fc.property(anyText, (text) => !control.test(cleanBlock(text)) && !control.test(clean(text))));
  });
  it('loses colours, titles and cursor movements', () => {
    assert.equal(clean('\u001b[31mred\u001b[0m \u001b]0;title\u0007now\u001b[2J\u0007'), 'red now');
  });
  it('takes a carriage return for a new line, so that nothing is overwritten', () => {
    assert.equal(cleanBlock('10 %\r20 %\r\n30 %'), '10 %\n20 %\n30 %');
  });
  it('is one line where a line is wanted', () => {
    fc.assert(fc.property(anyText, (text) => !clean(text).includes('\n')));
  });
  it('is cut to a width', () => {
    fc.assert(fc.property(anyText, fc.nat(100), (text, width) => [...cut(text, width)].length <= Math.max(width, 0)));
  });
  it('is wrapped without losing a word', () => {
    fc.assert(
      fc.property(fc.array(fc.stringMatching(/^[a-z]{1,12}$/), { minLength: 1 }), (words) => {
        const lines = wrap(words.join(' '), 20);
        assert.equal(lines.join(' '), words.join(' '));
        assert.ok(lines.every((line) => line.length <= 20));
      }),
    );
  });
});

describe('JSON on stdout', () => {
  it('is the same document, without a character that a terminal obeys', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const written = jsonText({ text });
        assert.deepEqual(JSON.parse(written), { text });
        assert.ok(!control.test(written));
      }),
    );
  });
});

describe('a bar', () => {
  it('has its width at any percentage, also at nonsense', () => {
    fc.assert(fc.property(fc.double({ noNaN: true }), (percent) => bar(percent, 20).length === 20));
  });
});

describe('a table', () => {
  const columns = [
    { head: 'Node', value: (row: string[]) => row[0] ?? '' },
    { head: 'Lag', value: (row: string[]) => row[1] ?? '', align: 'right' as const },
  ];
  it('looks as users of patronictl expect', () => {
    assert.equal(
      table('Cluster: lab (classic)', columns, [
        ['n1-with-a-long-name-here', ''],
        ['n2', '41 MB'],
      ]),
      [
        '+ Cluster: lab (classic) --+-------+',
        '| Node                     |   Lag |',
        '+--------------------------+-------+',
        '| n1-with-a-long-name-here |       |',
        '| n2                       | 41 MB |',
        '+--------------------------+-------+',
      ].join('\n'),
    );
  });
  it('has lines of one length, whatever is in the cells', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(anyText, anyText)), (rows) => {
        const lengths = new Set(
          table('', columns, rows)
            .split('\n')
            .map((line) => [...line].length),
        );
        assert.equal(lengths.size, 1);
      }),
    );
  });
});
