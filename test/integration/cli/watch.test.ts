// What breaks is the view, never the run: a coordinator that dies and comes back, Ctrl-C, a closed pipe.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import type { WatchDocument } from '../../../shared/documents.ts';
import { eventOf, sampleCluster, samplePlan, sampleReport, sampleRun, succeededRun } from '../../unit/cli/samples.ts';
import { type Answers, baton, type FakeOperator, fakeOperator, mainPath } from './fake-operator.ts';

const run = succeededRun();

async function until(what: string, condition: () => boolean): Promise<void> {
  const end = performance.now() + 20_000;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`waited in vain: ${what}`);
    await new Promise((done) => setImmediate(done));
  }
}

/** A gate that a test opens. */
function gate(): { opened: Promise<void>; open: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { opened: promise, open: resolve };
}

describe('baton run watch', () => {
  let fake: FakeOperator;
  const answers = (watchRun: Answers[string]): Answers => ({
    listRuns: () => ({ schema: 1, runs: [{ ...run }] }),
    showRun: () => sampleRun(),
    getReport: () => sampleReport(),
    watchRun,
  });
  const start = (words: string[] = ['run', 'watch', 'latest']) =>
    execa(process.execPath, [mainPath, ...words], {
      env: { BATON_ADDRESS: `unix:${fake.socketPath}` },
      reject: false,
      stdin: 'ignore',
      timeout: 60_000,
    });
  afterEach(async () => await fake.remove());

  it('says that the run goes on, reconnects and resumes after the last event it saw', async () => {
    const dead = gate();
    let isSecond = false;
    fake = await fakeOperator(
      answers(async function* (): AsyncGenerator<WatchDocument> {
        if (!isSecond) {
          isSecond = true;
          yield eventOf(1, 'suspend-failover', 'running');
          yield eventOf(2, 'suspend-failover', 'succeeded');
          await dead.opened;
          return;
        }
        // A coordinator may send again what was seen.
        yield eventOf(2, 'suspend-failover', 'succeeded');
        yield eventOf(3, 'stop-master', 'running');
        yield { schema: 1, sequence: 4, at: '', run };
      }),
    );
    const watching = start();
    let said = '';
    watching.stderr.on('data', (chunk: Buffer) => {
      said += String(chunk);
    });
    await until('the second event', () => said.includes('Stop the observer: succeeded'));
    fake.kill();
    dead.open();
    await until('the loss is told', () => said.includes('coordinator out of reach, the run goes on; reconnecting'));
    await fake.start();
    const ended = await watching;
    assert.equal(ended.exitCode, 0, ended.stderr);
    assert.match(ended.stderr, /coordinator is back/);
    assert.equal(ended.stderr.split('Stop the observer: succeeded').length, 2, 'an event was told twice');
    assert.match(ended.stderr, /Stop the services: running/);
    const asked = fake.calls.filter((call) => call.method === 'watchRun').map((call) => call.request.afterSequence);
    assert.deepEqual(asked, [0, 2]);
  });

  it('is taken up again when the coordinator ends the stream without the run', async () => {
    let count = 0;
    fake = await fakeOperator(
      answers(async function* (): AsyncGenerator<WatchDocument> {
        count += 1;
        if (count > 1) yield { schema: 1, sequence: 1, at: '', run };
      }),
    );
    assert.equal((await baton(fake.socketPath, ['run', 'watch', run.id])).exitCode, 0);
    assert.equal(count, 2);
  });

  it('is left by Ctrl-C with 130 and the command that leads back', async () => {
    const never = gate();
    fake = await fakeOperator(
      answers(async function* (): AsyncGenerator<WatchDocument> {
        yield eventOf(1, 'suspend-failover', 'running');
        await never.opened;
      }),
    );
    const watching = start();
    await once(watching.stderr, 'data');
    watching.kill('SIGINT');
    const ended = await watching;
    never.open();
    assert.equal(ended.exitCode, 130);
    assert.match(ended.stderr, new RegExp(`the run goes on\\. Back to it: baton run watch ${run.id}`));
  });

  it('ends with its status’s code though nobody reads its words any more', async () => {
    const closed = gate();
    fake = await fakeOperator(
      answers(async function* (): AsyncGenerator<WatchDocument> {
        yield eventOf(1, 'suspend-failover', 'running');
        await closed.opened;
        yield { schema: 1, sequence: 2, at: '', run };
      }),
    );
    const watching = start();
    await once(watching.stderr, 'data');
    watching.stdout.destroy();
    watching.stderr.destroy();
    closed.open();
    assert.equal((await watching).exitCode, 0);
  });
});

describe('in a terminal', () => {
  it('baton upgrade asks, shows a bar while the installer runs, and leaves the recap', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'baton-terminal-'));
    const installer = join(directory, 'MotadataServiceOpsCommonUpgrade_V870');
    await writeFile(installer, 'content');
    const seen = gate();
    const fake = await fakeOperator({
      showCluster: () => sampleCluster(),
      compilePlan: () => samplePlan(),
      uploadRelease: () => ({ schema: 1 }),
      startRun: () => ({ schema: 1, run: run.id }),
      showRun: () => sampleRun(),
      getReport: () => sampleReport(),
      async *watchRun() {
        yield eventOf(1, 'install-master', 'running');
        yield {
          schema: 1,
          sequence: 1,
          at: '',
          progress: { item: 'install-master', percent: 40, line: '', elapsedMs: 1 },
        };
        await seen.opened;
        yield { schema: 1, sequence: 2, at: '', run };
      },
    });
    try {
      const words = [process.execPath, mainPath, 'upgrade', 'lab', '--installer', installer, '--to', '8.7.0'];
      // `script` gives its child a terminal; the answer waits in it until it is asked for.
      const upgrading = execa('script', ['-qec', `stty cols 100 rows 40; ${words.join(' ')}`, '/dev/null'], {
        env: { BATON_ADDRESS: `unix:${fake.socketPath}`, TERM: 'xterm' },
        input: 'y\n',
        reject: false,
        timeout: 60_000,
      });
      let screen = '';
      upgrading.stdout.on('data', (chunk: Buffer) => {
        screen += String(chunk);
      });
      await until('the bar', () => /█{8}░{12} 40 %/.test(screen));
      seen.open();
      const ended = await upgrading;
      assert.equal(ended.exitCode, 0, screen);
      assert.match(screen, /Carry this plan out\? \[y\/N\]/);
      assert.match(screen, /Portal +didn't answer for 42\.3 s/);
    } finally {
      seen.open();
      await fake.remove();
      await rm(directory, { recursive: true });
    }
  });
});

describe('a pipe that nobody reads to its end', () => {
  it('is no error', async () => {
    const script = `"$0" "$1" --help | head -c 1`;
    const ended = await execa('bash', ['-o', 'pipefail', '-c', script, process.execPath, mainPath], { reject: false });
    assert.equal(ended.exitCode, 0, ended.stderr);
    assert.equal(ended.stderr, '');
  });
});
