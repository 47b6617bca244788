// A job's exit status is seen as soon as it is left.
import assert from 'node:assert/strict';
import { mkdtempSync, renameSync, rmSync, watch, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { watchStatus } from '../../../agent/jobs/status-left.ts';

describe('the status that a job leaves', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'baton-status-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const leave = () => {
    writeFileSync(join(folder, 'status.new'), '0\n');
    renameSync(join(folder, 'status.new'), join(folder, 'status'));
  };

  it('ends the wait, once, whether it came during it or just before', async () => {
    const left = watchStatus(folder);
    try {
      const waited = left.soon();
      leave();
      await waited;
      leave();
      await left.soon();
    } finally {
      left.close();
    }
  });

  it('is not taken for left by anything else in the folder', async () => {
    const left = watchStatus(folder);
    let isEnded = false;
    try {
      void left.soon().then(() => {
        isEnded = true;
      });
      writeFileSync(join(folder, 'output.log'), 'line\n');
      writeFileSync(join(folder, 'status.new'), '0\n');
      // What comes after it in the same folder has been told by then.
      await new Promise<void>((resolve) => {
        const other = watch(folder, (_event, name) => {
          if (name !== 'old.log') return;
          other.close();
          setImmediate(resolve);
        });
        renameSync(join(folder, 'output.log'), join(folder, 'old.log'));
      });
      assert.equal(isEnded, false);
      leave();
      await left.soon();
    } finally {
      left.close();
    }
  });

  it('is waited for in vain where the folder is gone, so that whoever waits looks by himself', () => {
    watchStatus(join(folder, 'gone')).close();
  });
});
