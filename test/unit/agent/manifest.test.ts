import assert from 'node:assert/strict';
import fc from 'fast-check';
import { isOddName, printName, readName } from '../../../agent/files/odd-name.ts';
import { pathStart, sizeOf, splitRecords, sumOf, targetOf } from '../../../agent/files/records.ts';
import { createTally } from '../../../agent/files/tally.ts';

const names = fc
  .uint8Array({ minLength: 1, maxLength: 40 })
  .map((bytes) => Buffer.from(bytes).map((byte) => (byte === 0 || byte === 0x2f ? 0x61 : byte)))
  .filter((name) => !['.', '..'].includes(Buffer.from(name).toString('latin1')));

describe('Names of files as text', () => {
  it('are the same bytes when they are read back, and nothing in them is obeyed by a terminal', () => {
    fc.assert(
      fc.property(names, (name) => {
        const text = printName(name);
        assert.doesNotMatch(text, /[\p{C}\ufffd]/u);
        assert.deepEqual(readName(text), Buffer.from(name));
      }),
    );
  });
  it('stay as they are where everybody can read them', () => {
    for (const name of ['a/b.bin', 'Größe 2026.pdf', '予算.xlsx']) {
      assert.equal(printName(Buffer.from(name)), name);
      assert.ok(!isOddName(Buffer.from(name)));
    }
    assert.equal(printName(Buffer.from('a\nb\\c')), 'a\\x0ab\\\\c');
    assert.equal(printName(Buffer.from('caf\xe9', 'latin1')), 'caf\\xe9');
    for (const name of [Buffer.from('a\nb'), Buffer.from('caf\xe9', 'latin1'), Buffer.from('x\u202etxt')])
      assert.ok(isOddName(name));
  });
  it('are refused where they would lead out of the folder', () => {
    for (const text of ['../a', 'a/../b', '/a', 'a//b', '\\x2e\\x2e/a', 'a\\x00b', 'a\\q', '\\', './a', 'a/'])
      assert.equal(readName(text), undefined, text);
  });
});

describe('A manifest’s records', () => {
  const recordsIn = (pieces: string[]) => {
    const found: unknown[] = [];
    const split = splitRecords((bytes, start, end) => {
      const path = bytes.toString('utf8', pathStart(bytes, start, end), end);
      found.push([path, sizeOf(bytes, start), sumOf(bytes, start), targetOf(bytes, start, end).toString()]);
    });
    for (const piece of pieces) split(Buffer.from(piece));
    return found;
  };
  const sum = 'c'.repeat(64);

  it('are found wherever the output is cut, also with spaces in names and targets', () => {
    const whole = `f12 a b/c d\0f7:${sum} 99 1.5 2.5 x y\0l5 a b c link name\0o0 pipe\0`;
    const expected = [
      ['a b/c d', 12, '', ''],
      ['x y', 7, sum, ''],
      ['link name', 5, '', 'a b c'],
      ['pipe', 0, '', ''],
    ];
    for (let cut = 0; cut <= whole.length; cut += 1)
      assert.deepEqual(recordsIn([whole.slice(0, cut), whole.slice(cut)]), expected);
  });
});

describe('A tally', () => {
  const digestsOf = (records: string[]) => {
    const tally = createTally();
    for (const record of records) {
      const bytes = Buffer.from(record);
      const path = record.indexOf(' ') + 1;
      tally.add(bytes, 0, path, path, bytes.length);
    }
    return tally.digests();
  };
  const differing = (a: string, b: string) =>
    Array.from({ length: a.length / 16 }, (_, at) => at * 16).filter(
      (at) => a.slice(at, at + 16) !== b.slice(at, at + 16),
    );

  it('is the same in whatever order the files come, and differs in one bucket for one file', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 30 }),
        fc.nat(1000),
        (paths, size) => {
          const records = paths.map((path) => `f${size} ${path}`);
          const tally = digestsOf(records);
          assert.equal(digestsOf(records.toReversed()), tally);
          assert.equal(differing(digestsOf(records.slice(1)), tally).length, 1);
          assert.equal(differing(digestsOf([`f${size + 1} ${paths[0]}`, ...records.slice(1)]), tally).length, 1);
        },
      ),
    );
  });
  it('sees two files that have changed their sizes with each other', () => {
    assert.notEqual(digestsOf(['f10 a', 'f20 b']), digestsOf(['f20 a', 'f10 b']));
  });
});
