import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { eventually } from '../bus/test-bus.ts';
import { mountDisk } from './disk.ts';
import { missingRows, type Row } from './ledger-rows.ts';
import { startWriter } from './writing.ts';

/** Cuts the power in the middle of writing, `count` rows after the start, in each of the writer's lives. */
async function cutAfter(count: number, given: { pragma?: string; seed?: number; lives?: number }) {
  const disk = await mountDisk('strict');
  try {
    const path = join(disk.folder, 'state', 'agent', 'ledger.sqlite');
    const rows: Row[] = [];
    for (let life = 0; life < (given.lives ?? 1); life += 1) {
      const writing = startWriter<Row>('ledger-writer.ts', path, ...(given.pragma ? [given.pragma] : []));
      await eventually(() => writing.rows().length >= count, `${count} writes are acknowledged`, 30_000);
      await disk.cut([writing.process.pid ?? 0], given.seed === undefined ? undefined : given.seed + life);
      await writing.ended;
      rows.push(...writing.rows());
    }
    return { rows, missing: missingRows(path, rows) };
  } finally {
    await disk.remove();
  }
}

describe('power cut under the ledger', function () {
  this.timeout(60_000);

  it('loses no acknowledged write, from the first one on, over several cuts of one ledger', async () => {
    const { rows, missing } = await cutAfter(1, { lives: 3 });
    assert.ok(rows.length >= 3);
    assert.deepEqual(missing, []);
  });

  it('loses none when the disk has a random part of what was not synced', async () => {
    assert.deepEqual((await cutAfter(150, { lives: 3, seed: 1 })).missing, []);
  });

  for (const mode of ['OFF', 'NORMAL'])
    it(`would lose some with synchronous = ${mode}: the cut is a real one`, async () => {
      const { missing } = await cutAfter(60, { pragma: `PRAGMA synchronous = ${mode}` });
      assert.ok(missing.length > 0);
    });
});

describe('kill -9 of who writes the ledger', function () {
  this.timeout(60_000);

  it('loses no acknowledged write, fifteen times', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'baton-test-ledger-'));
    const path = join(folder, 'ledger.sqlite');
    const rows: Row[] = [];
    for (let time = 0; time < 15; time += 1) {
      const writing = startWriter<Row>('ledger-writer.ts', path);
      await eventually(() => writing.rows().length > time * 3, 'it writes', 30_000);
      writing.process.kill('SIGKILL');
      await writing.ended;
      rows.push(...writing.rows());
    }
    assert.deepEqual(missingRows(path, rows), []);
    assert.ok(rows.length > 300);
    await rm(folder, { recursive: true });
  });
});
