// A run that stands is handed over to the one that goes back: the cluster is free at no moment, and nothing of the first
// runs any more.
import assert from 'node:assert/strict';
import { runIdOf } from '../../../coordinator/runs/opening.ts';
import { fold } from '../../../coordinator/sequencer/apply.ts';
import { stepsBegun } from '../../../coordinator/sequencer/begun.ts';
import { ok, type Result } from '../../../shared/failures.ts';
import { World } from '../sequencer/world.ts';
import { back, backRequest, halted, locksOf, rollback, run, upgrade, upTo, wellLocked } from './handed-over.ts';
import { request, Site } from './process.ts';

describe('a run that is handed over', function () {
  this.timeout(120_000);

  it('ends in favour of the one that goes back, which holds cluster and suspension from then on', async () => {
    const site = new Site(new World({ fates: upTo('fails') }));
    const process = site.process();
    await halted(site, process);
    assert.deepEqual(await site.run(process.service.handOver(run, backRequest)), ok(back));
    await site.until(back, 'rolled-back');
    await site.run(process.service.stop());
    assert.deepEqual(locksOf(site), wellLocked);
    const ended = site.events(run).at(-1)?.fact;
    assert.ok(ended?.type === 'RunEnded' && ended.status === 'aborted' && ended.successor === back);
    assert.equal(ended.failoverArmed, 'suspended');
    assert.ok(!site.events(run).some(({ fact }) => fact.type === 'ItemUndone'), 'it takes nothing back itself');
    const started = site.events(back)[0]?.fact;
    assert.ok(started?.type === 'RunStarted' && started.after === run && started.operator === 'ana');
  });

  it('is shown as rolled back, by whom, once that is done and not before', async () => {
    const site = new Site(new World({ fates: [...upTo('fails'), 'well', 'fails'] }));
    const process = site.process();
    await halted(site, process);
    await site.run(process.service.handOver(run, backRequest));
    await site.until(back, 'halted');
    const shown = async (id: string) => {
      const document = await site.run(process.views.show(id));
      assert.ok(document.ok);
      return document.value;
    };
    const before = await shown(run);
    assert.deepEqual([before.status, before.rolledBackBy], ['aborted', back]);
    assert.deepEqual(
      before.next.map(({ command }) => command),
      [`baton run watch ${back}`],
    );
    await site.run(
      process.service.decide(back, { decision: 'retry', operator: 'ana', reason: '', requestId: 'retry-1' }),
    );
    await site.until(back, 'rolled-back');
    const after = await shown(run);
    assert.deepEqual([after.status, after.rolledBackBy], ['rolled-back', back]);
    // What the run had said at its end was true then: its successor has armed failover since.
    assert.deepEqual([before.failover, after.failover], ['suspended', 'armed']);
    assert.match(after.message, new RegExp(`^rolled back by ${back}; before that aborted: `));
    assert.deepEqual([(await shown(back)).status, (await shown(back)).rollbackOf], ['rolled-back', run]);
    const listed = await site.run(process.views.list('sim'));
    assert.deepEqual(listed.ok && listed.value.runs.map(({ id, status, rolledBackBy }) => [id, status, rolledBackBy]), [
      [back, 'rolled-back', undefined],
      [run, 'rolled-back', back],
    ]);
  });

  it('settles what nobody knows the end of first', async () => {
    const site = new Site(new World({ fates: upTo('unknown-without-effect') }));
    const process = site.process();
    await halted(site, process, 'awaiting-operator');
    assert.deepEqual(await site.run(process.service.handOver(run, backRequest)), ok(back));
    const types = site.events(run).map(({ fact }) => fact.type);
    const said = types.lastIndexOf('OperatorDecided');
    assert.ok(types.indexOf('AttemptSettled', said) > said, types.join(' '));
    assert.ok(types.indexOf('AttemptSettled', said) < types.indexOf('RunEnded'));
  });

  it('stands again, and may be handed over again, where what still runs cannot be ended', async () => {
    const site = new Site(new World({ fates: upTo('unknown-without-effect') }));
    const process = site.process();
    await halted(site, process, 'awaiting-operator');
    const { world } = site.fleet;
    const settle = world.settle.bind(world);
    let meanwhile: Promise<Result<void>[]> | undefined;
    world.settle = () => {
      const say = (decision: 'pause' | 'abort') =>
        process.service.decide(run, { decision, operator: 'ben', reason: '', requestId: `ben-${decision}` });
      meanwhile ??= Promise.all([say('pause'), say('abort')]);
      return ok({ status: 'settling' });
    };
    const refused = await site.run(process.service.handOver(run, backRequest));
    assert.match(refused.ok ? '' : refused.failure.message, /not handed over yet/);
    for (const said of await site.run(meanwhile ?? Promise.reject(new Error('nothing was settled'))))
      assert.match(said.ok ? 'it was heard' : said.failure.message, new RegExp(`being handed over to ${back}`));
    await site.until(run, 'awaiting-operator');
    const again = await site.run(process.service.handOver(run, backRequest));
    assert.match(again.ok ? '' : again.failure.message, /stands again: .*something of it still runs on n1/);
    assert.deepEqual(locksOf(site), [`${run} after nobody`]);
    world.settle = settle;
    assert.ok((await site.run(process.service.handOver(run, request('back-2', rollback)))).ok);
    const second = runIdOf('rollback', 'back-2');
    await site.until(second, 'rolled-back');
    assert.deepEqual(locksOf(site).slice(0, 2), [`${run} after nobody`, `${second} after ${run}`]);
    assert.equal(site.events(back).length, 0);
  });

  for (const verdict of ['succeeded', 'failed', 'unknown'] as const)
    it(`stands again where what was refused turns out to have begun (${verdict}), and is planned anew`, async () => {
      const site = new Site(new World({ fates: upTo('policy') }));
      const process = site.process();
      await halted(site, process);
      const { world } = site.fleet;
      const settle = world.settle.bind(world);
      // The same command came once more, late, and was taken.
      const outcome = { verdict, commands: [], startedAtMs: 1, elapsedMs: 1 };
      world.settle = (node, key) => (key.step === 'install' ? ok({ status: 'settled', outcome }) : settle(node, key));
      const begun = () => stepsBegun(upgrade, fold(run, site.events(run))).map(({ id }) => id);
      assert.ok(!begun().includes('install'));
      const refused = await site.run(process.service.handOver(run, backRequest));
      assert.match(refused.ok ? '' : refused.failure.message, /stands again: install was refused .*baton run rollback/);
      assert.equal(fold(run, site.events(run)).halt?.reason, 'evidence-contradicts');
      assert.ok(begun().includes('install'), 'the next plan takes it back');
      assert.deepEqual(locksOf(site), [`${run} after nobody`]);
      assert.ok((await site.run(process.service.handOver(run, request('back-2', rollback)))).ok);
      await site.until(runIdOf('rollback', 'back-2'), 'rolled-back');
    });

  it('is not handed over to a plan that was made before it went on', async () => {
    const site = new Site(new World({ fates: [...upTo('fails'), 'fails'] }));
    const process = site.process();
    await halted(site, process);
    const seen = site.events(run).length;
    const again = { decision: 'retry' as const, operator: 'ben', reason: '', requestId: 'ben-retry' };
    assert.deepEqual(await site.run(process.service.decide(run, again)), ok(undefined));
    await site.until(run, 'halted', 'succeeded');
    const refused = await site.run(process.service.handOver(run, { ...backRequest, seen }));
    assert.match(refused.ok ? '' : refused.failure.message, /gone on since its rollback was planned/);
    assert.equal(site.statusOf(run), 'halted');
    const now = site.events(run).length;
    assert.deepEqual(await site.run(process.service.handOver(run, { ...backRequest, seen: now })), ok(back));
    await site.until(back, 'rolled-back');
    const started = site.events(back)[0]?.fact;
    assert.ok(started?.type === 'RunStarted' && !('seen' in started));
  });

  it('goes on by itself where it stands again and the operator thinks better of it', async () => {
    const site = new Site(new World({ fates: upTo('unknown-without-effect') }));
    const process = site.process();
    await halted(site, process, 'awaiting-operator');
    const { world } = site.fleet;
    const settle = world.settle.bind(world);
    world.settle = () => ok({ status: 'settling' });
    await site.run(process.service.handOver(run, backRequest));
    await site.until(run, 'awaiting-operator');
    world.settle = settle;
    const say = (decision: 'retry' | 'approve') =>
      site.run(process.service.decide(run, { decision, operator: 'ana', reason: '', requestId: decision }));
    assert.deepEqual(await say('retry'), ok(undefined));
    await site.until(run, 'awaiting-operator', 'aborted');
    assert.deepEqual(await say('approve'), ok(undefined));
    await site.until(run, 'succeeded');
    assert.equal(site.events(back).length, 0);
  });

  it('is not handed over while it runs, nor where it has no backup of the database that its installer has migrated', async () => {
    const site = new Site(new World());
    const process = site.process(undefined, undefined, async (what) => {
      if (what === 'append StepStarted') early ??= process.service.handOver(run, backRequest);
    });
    let early: Promise<Result<string>> | undefined;
    await site.run(process.service.startRun(request()));
    await site.until(run, 'awaiting-operator');
    const running = await site.run(early ?? Promise.reject(new Error('it was never said')));
    assert.match(running.ok ? '' : running.failure.message, /rollback is not possible now, only: pause, abort/);
    const refused = await site.run(process.service.handOver(run, backRequest));
    assert.match(refused.ok ? '' : refused.failure.message, /taken no backup .*application of n1, database of n1/);
    assert.equal(refused.ok ? '' : refused.failure.code, 'not-in-state');
    assert.equal(site.statusOf(run), 'awaiting-operator');
  });

  it('leaves a successor that halts at its first condition and keeps the cluster: what it took over is half done', async () => {
    const site = new Site(new World({ fates: upTo('fails') }));
    const process = site.process();
    await halted(site, process);
    site.fleet.world.marks.add('broken');
    await site.run(process.service.handOver(run, backRequest));
    await site.until(back, 'halted', 'failed');
    assert.equal(site.statusOf(back), 'halted');
    assert.deepEqual(locksOf(site), wellLocked.slice(0, 2));
  });
});
