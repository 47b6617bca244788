import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ActionContext } from '../../../agent/actions/context.ts';
import { attachJob } from '../../../agent/jobs/attach-job.ts';
import { startJob } from '../../../agent/jobs/start-job.ts';
import type { ActionOf } from '../../../shared/actions/action.ts';
import { outputFolder } from '../../../shared/actions/jobs/scripts.ts';
import { systemClock } from '../../../shared/clock.ts';

describe('An installer that ends badly', () => {
  const action: ActionOf<'runInstaller'> = { kind: 'runInstaller', name: 'Installer_V870', sha256: 'a'.repeat(64) };
  let folder: string;
  let context: ActionContext;
  let output: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'baton-installer-'));
    // What these ends look at; everything else of a context is for actions that start something.
    context = {
      ...{ key: { run: 'r1', step: 'install', phase: 'do', attempt: 1 }, timeoutMs: 1000, startedAtMs: 0 },
      ...{ clock: systemClock, signal: new AbortController().signal, commands: [], progress: () => {} },
      ...{ nodeName: () => 'n1', profile: { outputDirectory: folder } },
    } as unknown as ActionContext;
    output = outputFolder(context.profile, context.key);
    await mkdir(output);
    await writeFile(join(output, 'output.log'), 'starts\nbroken at 40%\n');
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('says where its whole output lies, to people and to the coordinator', async () => {
    await writeFile(join(output, 'status'), '7\n');
    const ended = await attachJob(action, context);
    assert.ok(!ended.ok);
    assert.equal(ended.failure.code, 'command-failed');
    assert.ok(ended.failure.message.includes(`n1:${output}/output.log`), ended.failure.message);
    assert.match(ended.failure.evidence, /broken at 40%/);
    assert.ok(ended.answer?.kind === 'runInstaller');
    assert.equal(ended.answer.logFile, join(output, 'output.log'));
    assert.equal(ended.answer.exitCode, 7);
  });

  it('says so also where a former start is forgotten', async () => {
    const ended = await startJob(action, context);
    assert.ok(!ended.ok);
    assert.equal(ended.failure.code, 'lost');
    assert.ok(ended.failure.message.includes(`n1:${output}/output.log`), ended.failure.message);
    assert.ok(ended.answer?.kind === 'runInstaller');
    assert.equal(ended.answer.logFile, join(output, 'output.log'));
    assert.equal(ended.answer.exitCode, -1);
  });
});
