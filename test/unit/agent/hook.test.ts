import assert from 'node:assert/strict';
import { chmod, chown, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ActionContext } from '../../../agent/actions/context.ts';
import { readHook } from '../../../agent/actions/hook.ts';
import { runHook } from '../../../agent/failover/hook.ts';
import { runProgram } from '../../../agent/platform/run-program.ts';
import { parsePolicy } from '../../../agent/policy/policy.ts';
import { systemClock } from '../../../shared/clock.ts';
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

describe('A hook that is asked', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'baton-hook-'));
  });
  afterEach(() => rm(folder, { recursive: true }));
  const ask = async (script: string, timeoutMs = 20_000) => {
    await writeFile(join(folder, 'vm-snapshot'), `#!/bin/sh\n${script}\n`, { mode: 0o700 });
    const context = {
      ...{ profile: { hooksDirectory: folder }, policy: { file: 'agent.yaml' }, commands: [], runProgram },
      ...{ clock: systemClock, timeoutMs, deadlineMs: systemClock.monotonicMs() + timeoutMs },
    } as unknown as ActionContext;
    const args = ['verify', 'n1', 'baton-1'];
    return { asked: await readHook({ kind: 'readHook', hook: 'vm-snapshot', args }, context), said: context.commands };
  };

  it('answers by its exit status, whichever it is, and by what it said last', async () => {
    const { asked, said } = await ask('echo "no $3 of $2"; exit 4');
    assert.deepEqual(asked, ok({ kind: 'readHook', exitCode: 4, lastLines: 'no baton-1 of n1' }));
    assert.deepEqual(said, [`${folder}/vm-snapshot verify n1 baton-1`]);
  });
  it('has said nothing when it hangs or is killed', async () => {
    assert.match(JSON.stringify((await ask('exec sleep 30', 300)).asked), /"timeout"/);
    assert.match(JSON.stringify((await ask('kill -9 $$')).asked), /"command-killed"/);
  });
  it('is not called where others may write it', async () => {
    await chmod(folder, 0o777);
    assert.match(JSON.stringify((await ask('exit 0')).asked), /refused-by-policy/);
  });
});
