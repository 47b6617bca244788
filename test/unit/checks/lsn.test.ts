import assert from 'node:assert/strict';
import { bytesBetween, parseLsn } from '../../../coordinator/checks/lsn.ts';

describe('positions in the write-ahead log', () => {
  it('count bytes across the 32-bit border', () => {
    assert.equal(parseLsn('16/B374D848'), 0x16b374d848n);
    assert.equal(bytesBetween('0/FFFFFFF0', '1/10'), 32);
  });
  it('are never behind themselves, nor what they are not', () => {
    assert.equal(bytesBetween('1/10', '1/0'), 0);
    for (const text of ['', '1', '1/', '/1', '1/G', '1/123456789']) assert.equal(bytesBetween(text, '1/0'), undefined);
  });
});
