// `baton upgrade` as scripts and operators use it: what is refused before anything happens, and what happens then.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunDocument, WatchDocument } from '../../../shared/documents.ts';
import { failure } from '../../../shared/failures.ts';
import {
  eventOf,
  haltedRun,
  sampleCluster,
  samplePlan,
  sampleReport,
  sampleRun,
  succeededRun,
} from '../../unit/cli/samples.ts';
import { type Answers, baton, type FakeOperator, fakeOperator } from './fake-operator.ts';

const content = Buffer.alloc(700_000, 'installer');
const sha256 = createHash('sha256').update(content).digest('hex');

const parametersOf = (plan: unknown): unknown => JSON.parse((plan as { parametersJson: string }).parametersJson);

describe('baton upgrade', () => {
  let directory: string;
  let installer: string;
  let fake: FakeOperator | undefined;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'baton-installer-'));
    installer = join(directory, 'MotadataServiceOpsCommonUpgrade_V870');
    await writeFile(installer, content);
  });
  after(async () => await rm(directory, { recursive: true }));
  afterEach(async () => await fake?.remove());

  const answers = (end: RunDocument, more: Answers = {}): Answers => ({
    showCluster: () => sampleCluster(),
    compilePlan: () => samplePlan(),
    uploadRelease: () => ({ schema: 1, name: 'x', sha256, sizeBytes: content.length, version: '8.7.0' }),
    startRun: () => ({ schema: 1, run: end.id }),
    showRun: () => sampleRun(),
    getReport: () => sampleReport(end),
    async *watchRun(): AsyncGenerator<WatchDocument> {
      yield eventOf(1, 'suspend-failover', 'running');
      yield eventOf(2, 'suspend-failover', 'succeeded');
      yield { schema: 1, sequence: 3, at: '', run: end };
    },
    ...more,
  });
  const upgrade = async (more: Answers | RunDocument, ...words: string[]) => {
    fake = await fakeOperator(
      'status' in more ? answers(more as RunDocument) : answers(succeededRun(), more as Answers),
    );
    return await baton(fake.socketPath, ['upgrade', 'lab', '--installer', installer, '--to', '8.7.0', ...words]);
  };
  const called = (method: string) => fake?.calls.filter((call) => call.method === method) ?? [];

  it('shows the plan, uploads the installer, starts under the plan’s hash, follows and ends with 0', async () => {
    const ended = await upgrade(
      succeededRun(),
      '--yes',
      '--sha256',
      sha256.toUpperCase(),
      '--change',
      'CHG-1',
      '--reason',
      'why',
    );
    assert.equal(ended.exitCode, 0, ended.stderr);
    assert.match(ended.stdout, /portal down +about 1 min 30 s/);
    assert.match(ended.stdout, /Version on n1 +8\.6\.0 → 8\.7\.0/);
    assert.match(ended.stderr, /\[Suspend failover · suspend-failover · n3\]/);
    assert.ok(fake?.uploaded.equals(content));
    const [started] = called('startRun');
    assert.equal(started?.user, 'alice');
    assert.equal(started?.request.planHash, samplePlan().hash);
    assert.equal(started?.request.change, 'CHG-1');
    assert.equal(started?.request.reason, 'why');
    assert.deepEqual(parametersOf(started?.request.plan), {
      toVersion: '8.7.0',
      release: { name: 'MotadataServiceOpsCommonUpgrade_V870', sha256, sizeBytes: content.length },
    });
  });

  it('prints one document on stdout with --json, the words go to stderr', async () => {
    const ended = await upgrade(succeededRun(), '--yes', '--json');
    assert.equal(ended.exitCode, 0, ended.stderr);
    assert.deepEqual(JSON.parse(ended.stdout), succeededRun());
    assert.match(ended.stderr, /portal down/);
  });

  it('prints the run’s id at once with --detach', async () => {
    const ended = await upgrade({ ...succeededRun() }, '--yes', '--detach', '--json');
    assert.equal(ended.exitCode, 0, ended.stderr);
    assert.deepEqual(JSON.parse(ended.stdout), { schema: 1, run: succeededRun().id });
    assert.equal(called('watchRun').length, 0);
  });

  it('ends with 1 at a halt and says what happened, what is down, and what to do next', async () => {
    const ended = await upgrade(haltedRun(), '--yes');
    assert.equal(ended.exitCode, 1);
    for (const word of [/HALTED at/, /Down now/, /SUSPENDED/, /Evidence/, /baton run retry/, /baton run abort/])
      assert.match(ended.stdout, word);
    assert.ok(!ended.stdout.includes('\u001b'));
  });

  it('ends with 3 where it waits for an operator', async () => {
    const ended = await upgrade(sampleRun({ status: 'awaiting-operator', message: 'an approval' }, 6), '--yes');
    assert.equal(ended.exitCode, 3);
  });

  const refusals: [string, string[], RegExp][] = [
    ['no terminal and no --yes', [], /--yes/],
    ['a wrong checksum', ['--yes', '--sha256', '0'.repeat(64)], /SHA-256 is [0-9a-f]{64}, not 0{64}/],
    ['a checksum that is none', ['--yes', '--sha256', 'x'], /64 hexadecimal digits/],
    ['a version that contradicts the name', ['--yes', '--to', '8.8.0'], /8\.8\.0 contradicts .*8\.7\.0/],
    ['a version that is none', ['--yes', '--to', 'latest'], /must be a version/],
    ['a missing installer', ['--yes', '--installer', '/nowhere/x_V870'], /\/nowhere\/x_V870: there is no such file/],
    ['a directory as installer', ['--yes', '--installer', tmpdir()], /not a regular file/],
    ['an unknown option', ['--yes', '--force'], /unknown option/],
  ];
  for (const [name, words, reason] of refusals)
    it(`ends with 2 for ${name}, before anything is uploaded or started`, async () => {
      const ended = await upgrade({}, ...words);
      assert.equal(ended.exitCode, 2, ended.stderr);
      assert.match(ended.stderr, reason);
      assert.doesNotMatch(ended.stderr, /\n\s+at /);
      assert.equal(called('uploadRelease').length + called('startRun').length, 0);
    });

  it('ends with 2 for a node that never joined, and says how it joins', async () => {
    const cluster = sampleCluster();
    const nodes = cluster.nodes.map((node) => (node.name === 'n3' ? { ...node, agent: 'not joined' as const } : node));
    const ended = await upgrade({ showCluster: () => ({ ...cluster, nodes }) }, '--yes');
    assert.equal(ended.exitCode, 2);
    assert.match(ended.stderr, /n3 .*never joined.*baton node add n3 --role observer/);
  });

  it('ends with 4 for a joined node out of reach', async () => {
    const cluster = sampleCluster();
    const nodes = cluster.nodes.map((node) =>
      node.name === 'n2' ? { ...node, agent: 'disconnected' as const } : node,
    );
    const ended = await upgrade({ showCluster: () => ({ ...cluster, nodes }) }, '--yes');
    assert.equal(ended.exitCode, 4);
    assert.match(ended.stderr, /n2 .*out of reach/);
  });

  it('ends with 2 naming the run that holds the cluster', async () => {
    const held = await upgrade({ showCluster: () => sampleCluster({ run: 'run-7' }) }, '--yes');
    assert.equal(held.exitCode, 2);
    assert.match(held.stderr, /held by run run-7/);
    await fake?.remove();
    const raced = await upgrade({ startRun: () => failure('conflict', 'cluster lab is held by run run-8') }, '--yes');
    assert.equal(raced.exitCode, 2);
    assert.match(raced.stderr, /run-8/);
  });

  it('is staged for the run that holds the cluster: uploaded, though the command is refused', async () => {
    fake = await fakeOperator(answers(succeededRun(), { showCluster: () => sampleCluster({ run: 'run-7' }) }));
    const held = await baton(fake.socketPath, ['stage', 'lab', '--installer', installer, '--yes']);
    assert.equal(held.exitCode, 2);
    assert.match(held.stderr, /lies at the coordinator now[\s\S]*held by run run-7/);
    assert.equal(called('uploadRelease').length, 1);
    assert.equal(called('startRun').length, 0);
  });

  it('ends with 2 for what the coordinator refuses, and with --json the reason is the document', async () => {
    const ended = await upgrade(
      { showCluster: () => failure('not-found', 'there is no cluster lab') },
      '--yes',
      '--json',
    );
    assert.equal(ended.exitCode, 2);
    assert.match(ended.stderr, /there is no cluster lab/);
    assert.equal((JSON.parse(ended.stdout) as { error: { code: string } }).error.code, 'not-found');
  });

  it('stops uploading where the coordinator refuses before it has seen all', async () => {
    fake = await fakeOperator(answers(succeededRun()));
    fake.refusesUploads = failure('no-space', 'no room for the installer');
    const large = join(directory, 'Large_V870');
    await writeFile(large, Buffer.alloc(24 * 1024 * 1024));
    const ended = await baton(fake.socketPath, ['upgrade', 'lab', '--installer', large, '--to', '8.7.0', '--yes']);
    assert.equal(ended.exitCode, 1);
    assert.match(ended.stderr, /no room for the installer/);
    assert.equal(called('startRun').length, 0);
  });

  it('starts once when the answer to the start is lost', async () => {
    const seen: unknown[] = [];
    const ended = await upgrade(
      {
        startRun: (request) => {
          seen.push(request.requestId);
          return seen.length === 1
            ? failure('unreachable', 'gone', { retryable: true })
            : { schema: 1, run: succeededRun().id };
        },
      },
      '--yes',
    );
    assert.equal(ended.exitCode, 0, ended.stderr);
    assert.equal(seen.length, 2);
    assert.equal(seen[0], seen[1]);
  });

  it('prints the dry run without uploading or starting anything', async () => {
    fake = await fakeOperator(answers(succeededRun()));
    const words = ['plan', 'upgrade', 'lab', '--installer', installer, '--to', '8.7.0'];
    const text = await baton(fake.socketPath, words);
    assert.equal(text.exitCode, 0, text.stderr);
    assert.match(text.stdout, /\$ systemctl mask ha\.service/);
    const json = await baton(fake.socketPath, [...words, '--json']);
    assert.deepEqual(JSON.parse(json.stdout), samplePlan());
    assert.equal(called('uploadRelease').length + called('startRun').length, 0);
  });
});
