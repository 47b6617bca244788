// Errors counted in real files: rotated, gone, or not what their names promise.
import assert from 'node:assert/strict';
import { mkdir, open, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { unpack } from '../../../agent/actions/errors.ts';
import { createReadingAgent, type ReadingAgent } from './reading-agent.ts';

describe('Logs of errors', () => {
  let agent: ReadingAgent;
  const logs = () => join(agent.folder, 'logs');

  beforeEach(async () => {
    agent = await createReadingAgent('paths: [FOLDER]\n');
    await mkdir(logs());
    await writeFile(join(logs(), 'error'), 'one\ntwo\n');
  });
  afterEach(async () => {
    await agent.remove();
  });

  const count = async (name = 'logs/error') => {
    const { sources } = await agent.read({
      ...{ kind: 'readErrors', errorLogs: [join(agent.folder, name)], mixedLogs: [], units: [] },
      ...{ pattern: 'ERROR', windowMs: 60_000 },
    });
    return sources.map((source) => [source.count, source.isCut]);
  };

  it('count with those that were rotated and packed, whatever lies beside them', async () => {
    await writeFile(join(logs(), 'error.1.gz'), gzipSync('three\n'));
    await symlink('nowhere', join(logs(), 'error.2'));
    assert.deepEqual(await count(), [[3, false]]);
  });
  it('do not pass for read where they are no packed file, or there is no folder for them', async () => {
    await writeFile(join(logs(), 'error.1.gz'), 'not packed');
    assert.deepEqual(await count(), [[2, true]]);
    await rm(logs(), { recursive: true });
    assert.deepEqual(await count(), [[0, true]]);
  });
  it('are not taken into memory whatever their size is', async () => {
    const path = join(logs(), 'error.1.gz');
    await writeFile(path, gzipSync('three\n'));
    const handle = await open(path);
    try {
      assert.deepEqual(await unpack(handle, 5), { text: '', isCut: true });
      assert.deepEqual(await unpack(handle), { text: 'three\n', isCut: false });
    } finally {
      await handle.close();
    }
  });
});
