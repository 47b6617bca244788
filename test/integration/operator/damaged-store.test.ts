import assert from 'node:assert/strict';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connectBus } from '../../../coordinator/bus/bus.ts';
import { startEmbeddedNats } from '../../../coordinator/bus/embedded.ts';
import { statePaths } from '../../../coordinator/daemon/state-files.ts';
import { openArtefacts } from '../../../coordinator/journal/artefacts.ts';
import { emptyHead } from '../../../coordinator/journal/chain.ts';
import { openClusterLog } from '../../../coordinator/journal/cluster-log.ts';
import type { RunFact } from '../../../coordinator/journal/event.ts';
import { openJournal } from '../../../coordinator/journal/nats-journal.ts';
import type { RunsDocument } from '../../../shared/documents.ts';
import { canonicalJson } from '../../../shared/hash.ts';
import { compiled } from '../../unit/runs/process.ts';
import { samplePlan } from '../../unit/sequencer/sample-plan.ts';
import { must, natsServer } from '../bus/test-bus.ts';
import { baton } from '../cli/fake-operator.ts';
import { flipIn } from '../journal/store-damage.ts';
import { type CoordinatorProcess, startCoordinator } from './coordinator-process.ts';

describe('a coordinator on a damaged store', function () {
  this.timeout(60_000);
  let coordinator: CoordinatorProcess;
  before(async () => {
    coordinator = await startCoordinator();
    await coordinator.end('SIGTERM');
    const storeDirectory = statePaths(join(coordinator.folder, 'state')).natsDirectory;
    const nats = must(await startEmbeddedNats({ storeDirectory, program: await natsServer() }));
    const bus = must(await connectBus(nats.address));
    const journal = must(await openJournal(bus));
    const artefacts = openArtefacts(bus);
    const plans = new Map<string, string>();
    // Each stands and waits: the journal of the first will be damaged, the plan of the second, the third is whole.
    for (const cluster of ['one', 'two', 'three']) {
      const run = `upgrade-${cluster}`;
      const plan = { ...samplePlan, cluster: { ...samplePlan.cluster, cluster } };
      const planArtefact = must(await artefacts.put(canonicalJson(compiled(plan))));
      plans.set(cluster, planArtefact);
      must(
        await openClusterLog(bus).open(cluster, {
          type: 'RunOpened',
          run,
          plan: 'upgrade',
          operator: 'ana',
          epoch: 1,
          atMs: 1,
        }),
      );
      const facts: RunFact[] = [
        {
          type: 'RunStarted',
          cluster,
          plan: 'upgrade',
          planHash: 'h',
          planArtefact,
          parameters: {},
          operator: 'ana',
          requestId: run,
          change: '',
          reason: '',
        },
        {
          type: 'RunHalted',
          status: 'halted',
          halt: { item: 'stage', reason: 'paused', message: 'paused by ana', evidence: '', checks: [] },
        },
      ];
      let head = emptyHead;
      for (const fact of facts) {
        const appended = await journal.append({ run, head, epoch: 1, atMs: 1, fact });
        assert.equal(appended.status, 'appended');
        if (appended.status === 'appended') head = { sequence: head.sequence + 1, hash: appended.stored.hash };
      }
    }
    await bus.close();
    await nats.stop();
    const damage = async (stream: string, sequence: number): Promise<void> => {
      const folder = join(storeDirectory, 'streams/jetstream/$G/streams', stream, 'msgs');
      const block = join(folder, (await readdir(folder)).filter((name) => name.endsWith('.blk')).at(-1) ?? '');
      await writeFile(block, flipIn(sequence, 'payload')(await readFile(block)));
    };
    await damage('RUN_upgrade-one', 2);
    await damage(`ARTEFACT_${plans.get('two')}`, 1);
    await coordinator.start();
  });
  after(() => coordinator.remove());

  const ask = (...words: string[]) => baton(coordinator.socketPath, words);

  it('starts, and its log names the damage', () => {
    assert.match(coordinator.log(), /cannot be taken up again.*upgrade-one: journal damaged at event 2:/);
    assert.match(coordinator.log(), /cannot be taken up again.*upgrade-two: its plan is damaged/);
  });

  it('lists every run, the damaged one with what is wrong, in any cluster', async () => {
    for (const words of [
      ['run', 'ls', '--json'],
      ['run', 'ls', '--cluster', 'three', '--json'],
    ]) {
      const listed = await ask(...words);
      assert.equal(listed.exitCode, 0, listed.stderr);
      const { runs } = JSON.parse(listed.stdout) as RunsDocument;
      assert.match(runs.find(({ id }) => id === 'upgrade-one')?.message ?? '', /damaged at event 2/);
      assert.ok(runs.some(({ id }) => id === 'upgrade-three'));
    }
  });

  it('shows no damaged journal, says where it is damaged and what to do, and ends with 1', async () => {
    for (const command of ['show', 'retry']) {
      const { exitCode, stderr } = await ask('run', command, 'upgrade-one');
      assert.equal(exitCode, 1, command);
      assert.match(stderr, /journal damaged at event 2: .*goes no further.*with the guide.*baton run abort/, command);
    }
  });

  it('exports what lies before the damage, which no verification takes for whole', async () => {
    const exported = await ask('run', 'export', 'upgrade-one');
    assert.equal(exported.exitCode, 1);
    assert.match(exported.stderr, /damaged at event 2: .*Only what lies before it is exported: 1 event\./);
    const [first, end, ...more] = exported.stdout.trimEnd().split('\n');
    assert.match(first ?? '', /RunStarted/);
    assert.match(end ?? '', /^\{"damage":\{"sequence":2,/);
    assert.deepEqual(more, []);
    const verified = await ask('run', 'verify', 'upgrade-one');
    assert.equal(verified.exitCode, 1);
    assert.match(verified.stderr, /damaged at event 2/);
  });

  it('exports a journal whose plan alone is damaged', async () => {
    const shown = await ask('run', 'show', 'upgrade-two');
    assert.equal(shown.exitCode, 1);
    assert.match(shown.stderr, /its plan is damaged.*Its journal is whole: baton run export upgrade-two/);
    const exported = await ask('run', 'export', 'upgrade-two');
    assert.equal(exported.exitCode, 0, exported.stderr);
  });

  it('works on with the runs that are whole', async () => {
    assert.match(coordinator.log(), /taking up a run.*upgrade-three/);
    const verified = await ask('run', 'verify', 'upgrade-three');
    assert.equal(verified.exitCode, 0, verified.stderr);
    const shown = await ask('run', 'show', 'upgrade-three');
    assert.match(shown.stdout, /paused by ana/);
  });
});
