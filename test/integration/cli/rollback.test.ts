// `baton run rollback` and `finalize` as scripts and operators use them.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunDocument, WatchDocument } from '../../../shared/documents.ts';
import { failure } from '../../../shared/failures.ts';
import { eventOf, haltedRun, sampleCluster, samplePlan, sampleReport, sampleRun } from '../../unit/cli/samples.ts';
import { type Answers, baton, type FakeOperator, fakeOperator } from './fake-operator.ts';

const of = haltedRun();
const cost =
  'apolo.request: 31 rows written since 2026-01-10 02:14 UTC (backup upgrade-1a2b3c4d); the database that is set aside still has them';
const back = (status: RunDocument['status']): RunDocument =>
  sampleRun({ id: 'rollback-5e6f7a8b', plan: 'rollback', status, rollbackOf: of.id, failover: 'armed' });

describe('baton run rollback', () => {
  let fake: FakeOperator | undefined;
  let folder: string;
  const file = () => {
    const path = join(folder, 'MotadataServiceOpsCommonUpgrade_V860');
    writeFileSync(path, 'an installer');
    return path;
  };
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'baton-previous-'));
  });
  after(() => rmSync(folder, { recursive: true }));
  afterEach(async () => await fake?.remove());

  const answers = (end: RunDocument, more: Answers = {}): Answers => ({
    showCluster: () => sampleCluster({ run: of.id }),
    listRuns: () => ({ schema: 1, runs: [of] }),
    compilePlan: () => ({ ...samplePlan(), plan: 'rollback', parameters: { of: of.id }, costs: [cost] }),
    startRun: () => ({ schema: 1, run: end.id }),
    showRun: ({ run }) => (run === of.id ? of : { ...end, status: 'running' }),
    getReport: () => sampleReport(end),
    async *watchRun(): AsyncGenerator<WatchDocument> {
      yield eventOf(1, 'suspend-failover', 'succeeded');
      yield { schema: 1, sequence: 2, at: '', run: end };
    },
    ...more,
  });
  const type = async (more: Answers | RunDocument, ...words: string[]) => {
    const isRun = 'status' in more;
    fake = await fakeOperator(isRun ? answers(more as RunDocument) : answers(back('rolled-back'), more as Answers));
    return await baton(fake.socketPath, words);
  };
  const called = (method: string) => fake?.calls.filter((call) => call.method === method) ?? [];

  const started = <T>(): T => {
    const [call] = called('startRun');
    assert.ok(call);
    return call.request as T;
  };

  it('shows the plan and what it costs, starts it for the run that stands, follows it and ends with 0', async () => {
    const ended = await type(
      back('rolled-back'),
      'run',
      'rollback',
      'latest',
      '--yes',
      '--change',
      'CHG-1',
      '--reason',
      'why',
    );
    assert.equal(ended.exitCode, 0, ended.stderr);
    assert.match(ended.stdout, /What it costs\s+apolo\.request: 31 rows written since 2026-01-10 02:14/);
    assert.match(ended.stdout, /rollback of lab: rolled-back/);
    const { plan, change, reason } = started<{ plan: object; change: string; reason: string }>();
    assert.deepEqual([change, reason], ['CHG-1', 'why']);
    assert.deepEqual(plan, {
      ...plan,
      plan: 'rollback',
      cluster: of.cluster,
      parametersJson: JSON.stringify({ of: of.id }),
    });
    assert.equal(called('decideRun').length, 0);
  });

  it('ends with 1 where the way back halts, and prints one document with --json', async () => {
    const ended = await type(back('halted'), 'run', 'rollback', of.id, '--yes', '--json');
    assert.equal(ended.exitCode, 1);
    const document = JSON.parse(ended.stdout) as RunDocument;
    assert.deepEqual([document.id, document.rollbackOf], ['rollback-5e6f7a8b', of.id]);
  });

  it('asks under the same id for as long as the run before is being settled', async () => {
    let asked = 0;
    const ended = await type(
      {
        startRun: () => {
          asked += 1;
          return asked < 3
            ? failure('timeout', `run ${of.id} is not handed over yet`, { retryable: true })
            : { schema: 1, run: 'rollback-5e6f7a8b' };
        },
      },
      ...['run', 'rollback', of.id, '--yes'],
    );
    assert.equal(ended.exitCode, 0, ended.stderr);
    assert.equal(new Set(called('startRun').map(({ request }) => request.requestId)).size, 1);
    assert.equal(asked, 3);
  });

  it('touches nothing without a yes, nor where another run holds the cluster', async () => {
    const silent = await type({}, 'run', 'rollback', of.id);
    assert.equal(silent.exitCode, 2);
    assert.match(silent.stderr, /give --yes; nothing was touched/);
    await fake?.remove();
    const held = await type(
      { showCluster: () => sampleCluster({ run: 'backup-1' }) },
      'run',
      'rollback',
      of.id,
      '--yes',
    );
    assert.equal(held.exitCode, 2);
    assert.match(held.stderr, /held by run backup-1/);
    assert.equal(called('startRun').length, 0);
  });

  it('prints its dry run while the run stands', async () => {
    const ended = await type({}, 'plan', 'rollback', 'lab', '--of', of.id);
    assert.equal(ended.exitCode, 0, ended.stderr);
    assert.match(ended.stdout, /31 rows written[\s\S]*dry run: nothing on the nodes was touched/);
    const markdown = await baton(fake?.socketPath ?? '', ['plan', 'rollback', 'lab', '--of', of.id, '--markdown']);
    assert.match(markdown.stdout, /\*\*costs:\*\* apolo/);
    assert.equal(called('startRun').length, 0);
  });

  it('names the previous version’s installer by its sum, uploads it after the yes, and never tells where it lies', async () => {
    const words = ['run', 'rollback', of.id, '--reinstall', file(), '--yes'];
    const ended = await type({ uploadRelease: () => ({ schema: 1 }) }, ...words);
    assert.equal(ended.exitCode, 0, ended.stderr);
    const { plan } = started<{ plan: { parametersJson: string } }>();
    const sha256 = createHash('sha256').update('an installer').digest('hex');
    assert.deepEqual(JSON.parse(plan.parametersJson), {
      of: of.id,
      release: { name: 'MotadataServiceOpsCommonUpgrade_V860', sha256, sizeBytes: 12 },
    });
    const methods = fake?.calls.map(({ method }) => method) ?? [];
    assert.ok(methods.indexOf('compilePlan') < methods.indexOf('uploadRelease'));
    assert.ok(methods.indexOf('uploadRelease') < methods.indexOf('startRun'));
  });

  it('is refused with an installer that is not there or another one, and with a sum of none, before anything is asked', async () => {
    for (const [words, why] of [
      [['--reinstall', join(folder, 'none_V860')], /--reinstall .*none_V860: there is no such file/],
      [['--reinstall', file(), '--sha256', 'a'.repeat(64)], /--reinstall .*its SHA-256 is/],
      [['--sha256', 'a'.repeat(64)], /--sha256 is of the installer that --reinstall names/],
    ] as const) {
      const ended = await type({}, 'run', 'rollback', of.id, ...words, '--yes');
      assert.equal(ended.exitCode, 2, String(words));
      assert.match(ended.stderr, why);
      assert.equal(fake?.calls.length, 0, String(words));
      await fake?.remove();
      fake = undefined;
    }
  });

  it('tells the coordinator what is to become of the database, where somebody says it', async () => {
    const ended = await type({}, 'run', 'rollback', of.id, '--database', 'keep', '--yes');
    assert.equal(ended.exitCode, 0, ended.stderr);
    const { plan } = started<{ plan: { parametersJson: string } }>();
    assert.deepEqual(JSON.parse(plan.parametersJson), { of: of.id, database: 'keep' });
    const before = fake?.calls.length;
    const wrong = await baton(fake?.socketPath ?? '', ['run', 'rollback', of.id, '--database', 'drop', '--yes']);
    assert.equal(wrong.exitCode, 2);
    assert.match(wrong.stderr, /--database <WAY>.*restore, keep/);
    assert.equal(fake?.calls.length, before);
  });

  it('restores no VM snapshots, and says how that is done by hand', async () => {
    const ended = await type({}, 'run', 'rollback', of.id, '--snapshots', '--yes');
    assert.equal(ended.exitCode, 2);
    assert.match(
      ended.stderr,
      /not restored by Baton, nothing was touched: .*master and standby together.*baton node revoke/,
    );
    assert.equal(fake?.calls.length, 0);
  });

  it('shows the run that was rolled back as such, with 1', async () => {
    const gone: RunDocument = { ...of, status: 'rolled-back', rolledBackBy: 'rollback-5e6f7a8b' };
    const { halt: _, ...ended } = { ...gone, next: [] };
    const shown = await type({ showRun: () => ended }, 'run', 'show', of.id);
    assert.match(shown.stdout, /Rolled back by +rollback-5e6f7a8b/);
    const watched = await type(
      {
        showRun: () => ended,
        async *watchRun(): AsyncGenerator<WatchDocument> {
          yield { schema: 1, sequence: 2, at: '', run: ended };
        },
      },
      ...['run', 'watch', of.id],
    );
    assert.equal(watched.exitCode, 1);
  });

  it('gives up what a rollback has kept by a run of its own', async () => {
    const done = sampleRun({ id: 'finalize-1', plan: 'finalize', status: 'succeeded', failover: 'armed' });
    const over = { ...back('rolled-back'), endedAt: '2026-01-10T01:00:00.000Z' };
    const ended = await type(
      {
        ...answers(done),
        showCluster: () => sampleCluster(),
        showRun: ({ run }) => (run === over.id ? over : { ...done, status: 'running' }),
      },
      ...['run', 'finalize', over.id, '--yes'],
    );
    assert.equal(ended.exitCode, 0, ended.stderr);
    const { plan } = started<{ plan: { plan: string; parametersJson: string } }>();
    assert.deepEqual([plan.plan, plan.parametersJson], ['finalize', JSON.stringify({ of: over.id })]);
  });
});
