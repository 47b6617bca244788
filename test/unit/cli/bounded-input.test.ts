import assert from 'node:assert/strict';
import { readBounded } from '../../../coordinator/cli/commands/bounded-input.ts';

describe('what comes on stdin', () => {
  it('is read whole up to its bound, also where a character lies in two parts', async () => {
    const bytes = Buffer.from('a – b');
    async function* source() {
      for (const byte of bytes) yield Buffer.of(byte);
    }
    assert.equal(await readBounded(source(), bytes.length), 'a – b');
    assert.equal(await readBounded(source(), bytes.length - 1), undefined);
  });

  it('is left alone once it is longer, however much would come', async () => {
    let given = 0;
    async function* endless() {
      for (;;) {
        given += 1;
        if (given > 100) throw new Error('it was read on');
        yield Buffer.alloc(10);
      }
    }
    assert.equal(await readBounded(endless(), 45), undefined);
    assert.equal(given, 5);
  });
});
