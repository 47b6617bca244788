// `baton backup`, as a process against a real socket.
import assert from 'node:assert/strict';
import { failure } from '../../../shared/failures.ts';
import { sampleBackups } from '../../unit/cli/sample-backups.ts';
import { eventOf, sampleCluster, samplePlan, sampleReport, succeededRun } from '../../unit/cli/samples.ts';
import { type Answers, baton, type FakeOperator, fakeOperator } from './fake-operator.ts';

describe('baton backup', () => {
  let fake: FakeOperator;
  afterEach(async () => await fake.remove());

  const run = succeededRun();
  const ask = async (answers: Answers, ...words: string[]) => {
    fake = await fakeOperator({
      showCluster: () => sampleCluster(),
      compilePlan: () => samplePlan(),
      listBackups: () => sampleBackups(),
      startRun: () => ({ schema: 1, run: run.id }),
      showRun: () => run,
      getReport: () => sampleReport(run),
      async *watchRun() {
        yield eventOf(1, 'suspend-failover', 'succeeded');
        yield { schema: 1, sequence: 2, at: '', run };
      },
      ...answers,
    });
    return await baton(fake.socketPath, ['backup', ...words]);
  };
  const whole = () => ({
    ...sampleBackups(),
    nodes: [
      { node: 'n1', freeBytes: 1 },
      { node: 'n2', freeBytes: 1 },
    ],
  });
  const started = () => {
    const plan = fake.calls.find(({ method }) => method === 'startRun')?.request.plan as
      | { plan: string; cluster: string; parametersJson: string }
      | undefined;
    return plan && { plan: plan.plan, cluster: plan.cluster, parameters: JSON.parse(plan.parametersJson) };
  };

  it('ls shows what lies on the nodes and ends with 0', async () => {
    const ended = await ask({ listBackups: whole }, 'ls', 'lab');
    assert.equal(ended.exitCode, 0, ended.stderr);
    assert.match(ended.stdout, /upgrade-1a2b3c4d .* verified/);
    assert.deepEqual(fake.calls.at(-1)?.request.cluster, 'lab');
  });

  it('ls ends with 4 when a node could not be asked, and says which', async () => {
    const ended = await ask({}, 'ls', 'lab');
    assert.equal(ended.exitCode, 4);
    assert.match(ended.stdout, /n2: no answer/);
  });

  it('ls prints one document with --json', async () => {
    const ended = await ask({ listBackups: whole }, 'ls', 'lab', '--json');
    assert.deepEqual(JSON.parse(ended.stdout), whole());
  });

  it('take starts the plan of a backup, without snapshots unless they are asked for', async () => {
    const ended = await ask({}, 'take', 'lab', '--yes');
    assert.equal(ended.exitCode, 0, ended.stderr);
    assert.deepEqual(started(), { plan: 'backup', cluster: 'lab', parameters: { snapshots: false } });
    await fake.remove();
    await ask({}, 'take', 'lab', '--snapshots', '--yes', '--detach');
    assert.deepEqual(started()?.parameters, { snapshots: true });
  });

  it('take touches nothing without a yes', async () => {
    const ended = await ask({}, 'take', 'lab');
    assert.equal(ended.exitCode, 2);
    assert.match(ended.stderr, /give --yes; nothing was touched/);
    assert.equal(started(), undefined);
  });

  it('verify takes the newest one, and asks for no yes since it only reads', async () => {
    const ended = await ask({}, 'verify', 'lab');
    assert.equal(ended.exitCode, 0, ended.stderr);
    assert.deepEqual(started(), {
      plan: 'backup-verify',
      cluster: 'lab',
      parameters: { backup: 'upgrade-1a2b3c4d', trialRestore: false },
    });
  });

  it('verify takes the one that is named, and restores it on trial when asked', async () => {
    await ask({}, 'verify', 'lab', 'backup-00000001', '--trial-restore', '--detach');
    assert.deepEqual(started()?.parameters, { backup: 'backup-00000001', trialRestore: true });
  });

  it('verify ends with 2 where there is none, and for what is no backup', async () => {
    const ended = await ask({ listBackups: () => ({ ...whole(), backups: [] }) }, 'verify', 'lab');
    assert.equal(ended.exitCode, 2);
    assert.match(ended.stderr, /there is no backup of cluster lab yet/);
    await fake.remove();
    const wrong = await ask({}, 'verify', 'lab', '../etc');
    assert.equal(wrong.exitCode, 2);
    assert.match(wrong.stderr, /is no backup; see: baton backup ls lab/);
    assert.equal(started(), undefined);
  });

  it('says what the coordinator refuses', async () => {
    const ended = await ask({ listBackups: () => failure('bad-input', 'cluster lab takes no backups') }, 'ls', 'lab');
    assert.equal(ended.exitCode, 2);
    assert.match(ended.stderr, /takes no backups/);
  });
});
