import assert from 'node:assert/strict';
import { chmod, chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runHook } from '../../../agent/failover/hook.ts';
import { parsePolicy } from '../../../agent/policy/policy.ts';
import { ok } from '../../../shared/failures.ts';

describe('The hook alarm', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'baton-hook-'));
    await writeFile(join(folder, 'alarm'), '#!/bin/sh\nexit 0\n', { mode: 0o700 });
  });
  afterEach(() => rm(folder, { recursive: true }));
  const run = async (directory = folder) => {
    const policy = parsePolicy(`hooksDirectory: ${directory}`, 'agent.yaml');
    assert.ok(policy.ok);
    return await runHook('alarm', ['text'], policy.value);
  };

  it('runs when hook and folder are root’s alone; where there is none, nothing does', async () => {
    assert.deepEqual(await run(), ok(true));
    assert.deepEqual(await run(join(folder, 'none')), ok(false));
    await rm(join(folder, 'alarm'));
    assert.deepEqual(await run(), ok(false));
  });
  it('does not run when others may write it or put another one in its place', async () => {
    await chmod(folder, 0o777);
    assert.match(JSON.stringify(await run()), /refused-by-policy.*chmod go-w/);
    await chmod(folder, 0o700);
    await chown(folder, 1000, 0);
    assert.match(JSON.stringify(await run()), /must belong to root/);
    await chown(folder, 0, 0);
    await chmod(join(folder, 'alarm'), 0o722);
    assert.match(JSON.stringify(await run()), /alarm must belong to root/);
  });
});
