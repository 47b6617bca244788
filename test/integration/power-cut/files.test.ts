import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { sha256Hex } from '../../../shared/hash.ts';
import { eventually } from '../bus/test-bus.ts';
import { mountDisk } from './disk.ts';
import { startWriter } from './writing.ts';

describe('power cut under the coordinator’s files', function () {
  this.timeout(60_000);

  it('loses no authority, certificate, configuration or installer that was said to be there', async () => {
    const disk = await mountDisk('strict');
    try {
      const writing = startWriter<{ path: string; sha256: string }>('files-writer.ts', disk.folder);
      await eventually(() => writing.rows().length >= 20, 'twenty files are acknowledged', 30_000);
      await disk.cut([writing.process.pid ?? 0]);
      await writing.ended;
      const lost: string[] = [];
      for (const { path, sha256 } of writing.rows()) {
        const content = await readFile(path).catch(() => undefined);
        if (content === undefined || sha256Hex(content) !== sha256) lost.push(path);
      }
      assert.deepEqual(lost, []);
    } finally {
      await disk.remove();
    }
  });
});
