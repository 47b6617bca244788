import assert from 'node:assert/strict';
import { open, readdir } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { connectBus } from '../../../coordinator/bus/bus.ts';
import { startEmbeddedNats } from '../../../coordinator/bus/embedded.ts';
import type { Plan } from '../../../coordinator/plans/plan.ts';
import { runIdOf } from '../../../coordinator/runs/opening.ts';
import type { WatchDocument } from '../../../shared/documents.ts';
import { ok } from '../../../shared/failures.ts';
import { request, simPlan } from '../../unit/runs/process.ts';
import { must } from '../bus/test-bus.ts';
import { type BusProcess, BusSite } from './bus-site.ts';

const approve = { decision: 'approve', operator: 'ana', reason: '', requestId: 'yes' } as const;
const stepsInOrder = ['stage', 'suspend', 'stop', 'install', 'start', 'install-standby', 'arm', 'ticket'];

describe('runs on the bus', function () {
  this.timeout(120_000);
  let site: BusSite;
  let portal: Server;
  let plan: Plan;
  before(async () => {
    portal = createServer((_, answer) => answer.end('portal')).listen(0, '127.0.0.1');
    await new Promise((resolve) => portal.once('listening', resolve));
    const url = `http://127.0.0.1:${(portal.address() as AddressInfo).port}/`;
    const { application } = simPlan.cluster;
    plan = {
      ...simPlan,
      cluster: { ...simPlan.cluster, application: { ...application, portal: { url, expectStatus: 200 } } },
    };
  });
  after(() => new Promise((resolve) => portal.close(resolve)));
  beforeEach(async () => {
    site = await BusSite.start();
  });
  afterEach(() => site.test.stop());

  const run = runIdOf('upgrade', 'r1');
  const stands = async (process: BusProcess): Promise<void> =>
    site.until(() => process.service.stateOf(run)?.halt?.reason === 'approval');
  const finish = async (process: BusProcess): Promise<void> => {
    await stands(process);
    assert.deepEqual(await site.run(process.service.decide(run, approve)), ok(undefined));
    await site.until(async () => (await process.holder('sim')) === undefined);
  };

  it('carries a run out with the portal metered, and its export verifies', async () => {
    const process = await site.process();
    assert.deepEqual(await site.run(process.service.startRun(request('r1', plan))), ok(run));
    await finish(process);
    const shown = must(await site.run(process.views.show(run)));
    assert.equal(shown.status, 'succeeded');
    assert.ok((shown.portal?.samples ?? 0) > 0);
    assert.equal(shown.portal?.failures, 0);
    assert.deepEqual(
      site.fleet.world.started.map(({ step }) => step),
      stepsInOrder,
    );
    const lines = must(await site.run(process.views.export(run)));
    const { verifyExport } = await import('../../../coordinator/journal/export.ts');
    assert.equal(verifyExport(lines).ok, true);
    await site.run(process.stop());
  });

  it('goes on after kill -9 of coordinator and bus, with each step started once', async () => {
    let process = await site.process();
    await site.run(process.service.startRun(request('r1', plan)));
    for (const length of [4, 9, 15, 22]) {
      await site.until(() => (process.service.stateOf(run)?.sequence ?? 0) >= length);
      process.kill();
      await site.test.killAndRestart();
      process = await site.process();
      await site.run(process.service.resumeAll());
    }
    await finish(process);
    const events = await process.journalOf(run);
    assert.equal(events.filter(({ event }) => event.fact.type === 'LeaderChanged').length, 4);
    assert.equal(events.at(-1)?.event.fact.type, 'RunEnded');
    assert.deepEqual(
      site.fleet.world.started.map(({ step }) => step),
      stepsInOrder,
    );
    await site.run(process.stop());
  });

  it('lets a newer leader go on and the deposed one write nothing any more', async () => {
    const first = await site.process();
    await site.run(first.service.startRun(request('r1', plan)));
    await site.until(() => (first.service.stateOf(run)?.sequence ?? 0) >= 6);
    const second = await site.process();
    assert.ok(second.epoch > first.epoch);
    await site.run(second.service.resumeAll());
    await site.until(() => first.service.stateOf(run) === undefined);
    await finish(second);
    const events = (await second.journalOf(run)).map(({ event }) => event);
    const takenAt = events.findIndex(({ epoch }) => epoch === second.epoch);
    assert.equal(events[takenAt]?.fact.type, 'LeaderChanged');
    assert.ok(events.slice(takenAt).every(({ epoch }) => epoch === second.epoch));
    assert.deepEqual(
      site.fleet.world.started.map(({ step }) => step),
      stepsInOrder,
    );
    await site.run(Promise.all([first.stop(), second.stop()]));
  });

  it('goes no further with a damaged run, says where, and lets another cluster’s run go on', async () => {
    let process = await site.process();
    await site.run(process.service.startRun(request('r1', plan)));
    await stands(process);
    process.kill();
    await site.test.bus.close();
    await site.test.nats.stop();
    await flipBit(join(site.test.storeDirectory, `streams/jetstream/$G/streams/RUN_${run}/msgs`));
    site.test.nats = must(
      await startEmbeddedNats({ storeDirectory: site.test.storeDirectory, program: site.test.program }),
    );
    site.test.bus = must(await connectBus(site.test.nats.address));

    process = await site.process();
    const startedBefore = site.fleet.world.started.length;
    await site.run(process.service.resumeAll());
    const shown = await site.run(process.views.show(run));
    assert.match(shown.ok ? '' : shown.failure.message, new RegExp(`run ${run}: journal damaged at event \\d+`));
    const said = await site.run(process.service.decide(run, approve));
    assert.equal(said.ok ? '' : said.failure.code, 'damaged');
    assert.equal(await process.holder('sim'), run);
    assert.equal(site.fleet.world.started.length, startedBefore);

    const other: Plan = { ...plan, cluster: { ...plan.cluster, cluster: 'other' } };
    const second = must(await site.run(process.service.startRun(request('r2', other))));
    await site.until(() => process.service.stateOf(second)?.halt?.reason === 'approval');
    const listed = must(await site.run(process.views.list()));
    assert.match(listed.runs.find(({ id }) => id === run)?.message ?? '', /damaged/);
    await site.run(process.stop());
  });

  it('ends a run that took its cluster and never began, and frees the cluster', async () => {
    const { openClusterLog } = await import('../../../coordinator/journal/cluster-log.ts');
    const opened = {
      type: 'RunOpened',
      run: 'upgrade-lost',
      plan: 'upgrade',
      operator: 'ana',
      epoch: 1,
      atMs: 1,
    } as const;
    must(await openClusterLog(site.test.bus).open('sim', opened));
    const process = await site.process();
    await site.run(process.service.resumeAll());
    assert.equal(await process.holder('sim'), undefined);
    const ended = (await process.journalOf('upgrade-lost')).at(-1)?.event.fact;
    assert.ok(ended?.type === 'RunEnded' && ended.status === 'failed' && /nothing was touched/.test(ended.message));
    await site.run(process.stop());
  });

  it('tells who watches events and progress over the bus, and stops when the watcher leaves', async () => {
    const process = await site.process();
    await site.run(process.service.startRun(request('r1', plan)));
    await stands(process);
    await site.run(process.service.decide(run, { ...approve, decision: 'reject', requestId: 'no' }));
    await site.until(() => process.service.stateOf(run)?.halt?.reason === 'rejected');
    await site.run(process.service.decide(run, { ...approve, decision: 'retry', requestId: 'again' }));
    const told: WatchDocument[] = [];
    const watch = async (): Promise<void> => {
      for await (const document of process.views.watch(run, 0, new AbortController().signal)) told.push(document);
    };
    await site.run(watch());
    assert.equal(told.at(-1)?.run?.halt?.reason, 'approval');

    await site.run(process.service.decide(run, approve));
    const leaving = new AbortController();
    const until = async (): Promise<void> => {
      for await (const document of process.views.watch(run, told.length, leaving.signal)) {
        if (document.progress !== undefined) leaving.abort();
        else
          process.progress.tell(run, {
            schema: 1,
            sequence: 0,
            at: '',
            progress: { item: 'install-standby', line: '40 %', percent: 40, elapsedMs: 1 },
          });
      }
    };
    await site.run(until());
    assert.ok(leaving.signal.aborted);
    await site.run(process.stop());
  });
});

async function flipBit(folder: string): Promise<void> {
  const block = (await readdir(folder)).find((name) => name.endsWith('.blk')) ?? '';
  const file = await open(join(folder, block), 'r+');
  const at = Math.floor((await file.stat()).size / 2);
  const byte = Buffer.alloc(1);
  await file.read(byte, 0, 1, at);
  byte[0] = (byte[0] ?? 0) ^ 4;
  await file.write(byte, 0, 1, at);
  await file.close();
}
