import assert from 'node:assert/strict';
import { access, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cutDamagedBlocks } from '../../../coordinator/bus/block-files.ts';

/** A record as the server writes it: length with the mark of headers, number, time, subject, headers, payload, checksum. */
function record(headersLength: number): Buffer {
  const headers = Buffer.from('NATS/1.0\r\na: b\r\n\r\n');
  const lengths = Buffer.alloc(4);
  lengths.writeUInt32LE(headersLength);
  const body = Buffer.concat([
    Buffer.alloc(22),
    Buffer.from('s'),
    lengths,
    headers,
    Buffer.from('payload'),
    Buffer.alloc(8),
  ]);
  body.writeUInt32LE((body.length | 0x8000_0000) >>> 0, 0);
  body.writeUInt16LE(1, 20);
  return body;
}
const whole = record(18);
const damaged = Buffer.concat([whole, record(0x00ff_0012)]);

describe('a block of the store that would crash the server', () => {
  let store: string;
  let block: string;
  const make = async (stream: string) => {
    const folder = join(store, 'streams', stream, 'msgs');
    await mkdir(folder, { recursive: true });
    block = join(folder, '1.blk');
    await writeFile(block, damaged);
  };
  beforeEach(async () => {
    store = await mkdtemp(join(tmpdir(), 'baton-test-blocks-'));
  });
  afterEach(() => rm(store, { recursive: true }));

  it('is cut before the damage once a copy of it is there', async () => {
    await make('KV_nodes');
    const cut = await cutDamagedBlocks(store);
    assert.ok(cut.ok);
    assert.deepEqual(await readFile(block), whole);
    assert.deepEqual(await readFile(cut.value[0]?.copy ?? ''), damaged);
    assert.equal(cut.value[0]?.stream, 'KV_nodes');
  });
  it('is left as it was where no copy can be made, and the failure names both', async () => {
    await make('RUN_a');
    await writeFile(join(store, 'damaged'), 'no folder');
    const cut = await cutDamagedBlocks(store);
    assert.match(cut.ok ? '' : cut.failure.message, /RUN_a\/msgs\/1\.blk is damaged, .*damaged\/RUN_a-1\.blk-/);
    assert.deepEqual(await readFile(block), damaged);
  });
  it('is never cut in the table of revoked certificates: that says what to do', async () => {
    await make('KV_revoked');
    for (let start = 1; start <= 2; start += 1) {
      const cut = await cutDamagedBlocks(store);
      assert.match(
        cut.ok ? '' : cut.failure.message,
        /revoked certificates is damaged, .*Restore its store from a backup/,
      );
    }
    assert.deepEqual(await readFile(block), damaged);
    await assert.rejects(access(join(store, 'damaged')));
    assert.deepEqual(await readdir(store), ['streams']);
  });
});
