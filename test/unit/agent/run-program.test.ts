import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { failureOfProgram, runProgram } from '../../../agent/platform/run-program.ts';

describe('A program', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'baton-program-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('that leaves something behind which holds its output is waited for no longer than its time', async () => {
    const pidFile = join(folder, 'pid');
    const line = `setsid sleep 20 & echo $! > ${pidFile}; exit 0`;
    const ran = await runProgram(['sh', '-c', line], { timeoutMs: 500 });
    process.kill(Number(await readFile(pidFile, 'utf8')));
    assert.equal(ran.timedOut, true);
    assert.ok(ran.elapsedMs < 8000, String(ran.elapsedMs));
    const failed = failureOfProgram(ran, 500);
    assert.equal(failed?.code, 'timeout');
    assert.match(failed?.message ?? '', /still holds its output open/);
  });
  it('that ends is told with its output', async () => {
    const ran = await runProgram(['sh', '-c', 'echo out; echo err >&2; exit 3'], { timeoutMs: 5000 });
    assert.deepEqual([ran.exitCode, ran.stdout, ran.stderr, ran.timedOut], [3, 'out', 'err', false]);
  });
});
