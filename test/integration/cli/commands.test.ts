// The other commands, as processes against a real socket.
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { emptyHead, encodeEvent } from '../../../coordinator/journal/chain.ts';
import type { RunEvent } from '../../../coordinator/journal/event.ts';
import { exportLines } from '../../../coordinator/journal/export.ts';
import { failure } from '../../../shared/failures.ts';
import {
  failingCheck,
  haltedRun,
  sampleCluster,
  sampleReport,
  sampleRun,
  succeededRun,
} from '../../unit/cli/samples.ts';
import { journalOf } from '../../unit/journal/sample-journal.ts';
import { type Answers, baton, type FakeOperator, fakeOperator } from './fake-operator.ts';

const run = succeededRun();

describe('baton', () => {
  let fake: FakeOperator;
  let directory: string;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'baton-commands-'));
  });
  after(async () => await rm(directory, { recursive: true }));
  afterEach(async () => await fake.remove());

  const ask = async (answers: Answers, ...words: string[]) => {
    fake = await fakeOperator({
      listRuns: () => ({ schema: 1, runs: [run] }),
      showCluster: () => sampleCluster(),
      ...answers,
    });
    return await baton(fake.socketPath, words);
  };

  it('ends with 4 and says what to do when no coordinator answers', async () => {
    fake = await fakeOperator({});
    const { exitCode, stderr } = await baton(join(directory, 'nobody.sock'), ['run', 'ls']);
    assert.equal(exitCode, 4);
    assert.match(stderr, /no coordinator answers at unix:.*is it running.*BATON_ADDRESS/);
  });
  it('shows a stack only with BATON_DEBUG=1', async () => {
    fake = await fakeOperator({ listRuns: () => ({ schema: 1, runs: 'nonsense' }) });
    const quiet = await baton(fake.socketPath, ['run', 'ls']);
    assert.equal(quiet.exitCode, 1);
    assert.doesNotMatch(quiet.stderr, /\n.*\bat /);
    assert.match((await baton(fake.socketPath, ['run', 'ls'], { BATON_DEBUG: '1' })).stderr, /\n.*\bat /);
  });

  it('check ends with 1 for unknown, and shows limit, reading and remedy', async () => {
    const check = (complete: boolean) => ({
      schema: 1,
      cluster: 'lab',
      complete,
      verdict: 'unknown',
      checks: complete ? [{ ...failingCheck, verdict: 'unknown' }] : [],
    });
    const { exitCode, stdout } = await ask(
      {
        async *check() {
          yield check(false);
          yield check(true);
        },
      },
      'check',
      'lab',
    );
    assert.equal(exitCode, 1);
    assert.match(stdout, /limit[\s\S]*reading[\s\S]*remedy/);
  });
  it('check ends with 4 when the coordinator stops in the middle', async () => {
    const ended = await ask({ async *check() {} }, 'check', 'lab');
    assert.equal(ended.exitCode, 4);
  });

  it('names that try to be options or paths end with 2', async () => {
    fake = await fakeOperator({});
    for (const name of ['--help-me', '../lab', '$(reboot)', ''])
      assert.equal((await baton(fake.socketPath, ['cluster', 'show', '--', name])).exitCode, 2, name);
    assert.deepEqual(fake.calls, []);
  });
  it('cluster apply hands the file over and prints the coordinator’s line and column', async () => {
    const file = join(directory, 'lab.yaml');
    await writeFile(file, 'cluster: [');
    const { exitCode, stderr } = await ask(
      { applyCluster: ({ fileName }) => failure('bad-input', `${fileName}:1:11: unclosed [`) },
      'cluster',
      'apply',
      file,
    );
    assert.equal(exitCode, 2);
    assert.match(stderr, /lab\.yaml:1:11: unclosed/);
    assert.equal(fake.calls[0]?.request.text, 'cluster: [');
  });
  it('node add prints the line for the node alone on stdout', async () => {
    const joinLine = 'baton-agent join --token t 10.77.0.1:7450';
    const { stdout } = await ask(
      { addNode: () => ({ schema: 1, name: 'n1', role: 'master', token: 't', expiresAt: '', joinLine }) },
      'node',
      'add',
      'n1',
      '--role',
      'master',
    );
    assert.equal(stdout, joinLine);
  });

  it('run retry decides under the operator’s name and follows the run', async () => {
    const { exitCode, stdout } = await ask(
      {
        showRun: () => haltedRun(),
        decideRun: () => sampleRun(),
        getReport: () => sampleReport(),
        async *watchRun() {
          yield { schema: 1, sequence: 9, at: '', run };
        },
      },
      'run',
      'retry',
      'latest',
      '--reason',
      'disk mended',
    );
    assert.equal(exitCode, 0);
    assert.match(stdout, /succeeded/);
    const decided = fake.calls.find((call) => call.method === 'decideRun');
    assert.equal(decided?.request.decision, 'retry');
    assert.equal(decided?.request.reason, 'disk mended');
    assert.equal(decided?.user, 'alice');
  });
  it('run pause returns at once', async () => {
    const { exitCode } = await ask(
      { showRun: () => sampleRun(), decideRun: () => sampleRun() },
      'run',
      'pause',
      run.id,
    );
    assert.equal(exitCode, 0);
    assert.ok(!fake.calls.some((call) => call.method === 'watchRun'));
  });
  it('a decision that is not legal now ends with 2', async () => {
    const { exitCode, stderr } = await ask(
      { showRun: () => sampleRun(), decideRun: () => failure('not-in-state', 'the run is running') },
      'run',
      'retry',
      run.id,
    );
    assert.equal(exitCode, 2);
    assert.match(stderr, /the run is running/);
  });
  it('run logs prints output without what terminals obey', async () => {
    const { stdout } = await ask(
      {
        async *readRunLogs() {
          yield { schema: 1, item: 'install-master', node: 'n1', text: '\u001b[2J10 %\r' };
          yield { schema: 1, item: 'install-master', node: 'n1', text: 'done\u0007\n' };
        },
      },
      'run',
      'logs',
      run.id,
    );
    assert.equal(stdout, '── install-master on n1 ──\n10 %\ndone\n');
  });

  it('run logs --json is one document: whole, empty, refused, or broken off', async () => {
    const chunk = { schema: 1, item: 'master.install', node: 'n1', text: 'x' };
    const lost = () => ({ async *readRunLogs() {} });
    assert.deepEqual(JSON.parse((await ask(lost(), 'run', 'logs', run.id, '--json')).stdout), { schema: 1, logs: [] });
    await fake.remove();
    const refused = await ask(
      { readRunLogs: () => failure('not-found', 'there is no such run') },
      'run',
      'logs',
      run.id,
      '--json',
    );
    assert.equal(JSON.parse(refused.stdout).error.code, 'not-found');
    assert.equal(refused.exitCode, 2);
    await fake.remove();
    const broken = await ask(
      {
        async *readRunLogs() {
          yield chunk;
          // What cannot be read ends the stream as a broken connection does.
          yield { toJSON: () => undefined };
        },
      },
      'run',
      'logs',
      run.id,
      '--json',
    );
    const { logs, error } = JSON.parse(broken.stdout);
    assert.deepEqual(logs, [chunk]);
    assert.ok(error.message);
    assert.notEqual(broken.exitCode, 0);
    assert.match(broken.stderr, /baton:/);
  });
  for (const words of [['--json'], ['--format', 'json']])
    it(`report ${words.join(' ')} that fails prints the error as its document`, async () => {
      const ended = await ask({ getReport: () => failure('not-found', 'no such run') }, 'report', run.id, ...words);
      assert.equal(JSON.parse(ended.stdout).error.code, 'not-found');
      assert.equal(ended.exitCode, 2);
    });
  it('cluster show and failover show print what they know and end with 4 when a node is out of reach', async () => {
    const { nodes } = sampleCluster();
    const lost = nodes.map((node) => (node.name === 'n2' ? { ...node, agent: 'disconnected' as const } : node));
    const shown = await ask({ showCluster: () => sampleCluster({ nodes: lost }) }, 'cluster', 'show', 'lab');
    assert.equal(shown.exitCode, 4);
    assert.match(shown.stdout, /n2.*disconnected/);
    await fake.remove();
    const failover = { schema: 1, state: 'unknown', message: 'n3 does not answer' };
    const asked = await ask({ showFailover: () => failover }, 'failover', 'show', 'lab', '--json');
    assert.equal(asked.exitCode, 4);
    assert.deepEqual(JSON.parse(asked.stdout), failover);
  });
  it('run export writes what run verify accepts without a coordinator, and refuses when one byte differs', async () => {
    const event = (sequence: number, previous: string): RunEvent => ({
      schema: 1,
      id: `id-${sequence}`,
      run: run.id,
      sequence,
      previous,
      epoch: 1,
      atMs: 1,
      fact: { type: 'ItemSucceeded', item: 'x', adopted: false },
    });
    const first = encodeEvent(event(1, emptyHead.hash));
    const lines = exportLines([first, encodeEvent(event(2, first.hash))]);
    const file = join(directory, 'export.jsonl');
    const { exitCode, stdout } = await ask(
      {
        async *exportRun() {
          yield* lines;
        },
      },
      'run',
      'export',
      'latest',
    );
    assert.equal(exitCode, 0);
    await writeFile(file, `${stdout}\n`);
    assert.equal((await baton('/nowhere', ['run', 'verify', file])).exitCode, 0);
    await writeFile(file, `${stdout.replace('ItemSucceeded', 'ItemSucceedeD')}\n`);
    const damaged = await baton('/nowhere', ['run', 'verify', file]);
    assert.equal(damaged.exitCode, 1);
    assert.match(damaged.stderr, /damaged at event/);
    await writeFile(file, `${stdout.split('\n').slice(0, 1).join('\n')}\n`);
    assert.equal((await baton('/nowhere', ['run', 'verify', file])).exitCode, 1);
  });

  it('export of a damaged journal gives what is before the damage, ends with 1, and does not verify', async () => {
    const [first] = journalOf(2, run.id);
    assert.ok(first);
    const lines = exportLines([first], { sequence: 2, message: 'it cannot be read' });
    const file = join(directory, 'damaged.jsonl');
    const { exitCode, stdout, stderr } = await ask(
      {
        async *exportRun() {
          yield* lines;
        },
      },
      'run',
      'export',
      'latest',
    );
    assert.equal(exitCode, 1);
    assert.match(stderr, /damaged at event 2: it cannot be read\. Only what lies before it is exported: 1 event\./);
    assert.equal(stdout.split('\n')[0], JSON.stringify(lines[0]));
    await writeFile(file, `${stdout}\n`);
    const verified = await baton('/nowhere', ['run', 'verify', file]);
    assert.equal(verified.exitCode, 1);
    assert.match(verified.stderr, /damaged at event 2: it cannot be read/);
  });

  it('report writes the page into the file', async () => {
    const file = join(directory, 'report.html');
    const { exitCode } = await ask({ getReport: () => sampleReport() }, 'report', 'latest', '--output', file);
    assert.equal(exitCode, 0);
    assert.match(await readFile(file, 'utf8'), /^<!doctype html>[\s\S]*8\.6\.0[\s\S]*8\.7\.0/);
  });
  it('report prints Markdown or JSON on stdout', async () => {
    const markdown = await ask({ getReport: () => sampleReport() }, 'report', 'latest');
    assert.match(markdown.stdout, /^# Upgrade of lab to 8\\?\.7/);
    await fake.remove();
    const json = await ask({ getReport: () => sampleReport() }, 'report', 'latest', '--format', 'json');
    assert.deepEqual(JSON.parse(json.stdout), sampleReport());
  });
});
