// A cluster that was handed over and whose first run's journal is damaged before the second one has begun: nobody can begin
// it any more, and it must not hold the cluster for ever.
import assert from 'node:assert/strict';
import { ok } from '../../../shared/failures.ts';
import { World } from '../sequencer/world.ts';
import { back, backRequest, halted, locksOf, run, upTo } from './handed-over.ts';
import { request, Site } from './process.ts';

const word = { decision: 'abort' as const, operator: 'ana', reason: 'looked at all nodes', requestId: 'give-back' };

/** The coordinator has died with the lock passed on and nothing journaled of the second run. */
async function passedOn(): Promise<Site> {
  const site = new Site(new World({ fates: upTo('fails') }));
  let isPassing = false;
  const first = site.process((what) => (isPassing && what === 'open' ? 'die after' : 'go on'));
  await halted(site, first);
  isPassing = true;
  void first.service.handOver(run, backRequest);
  while (!first.isDead()) await site.run(site.clock.sleep(20));
  assert.deepEqual(locksOf(site), [`${run} after nobody`, `${back} after ${run}`]);
  assert.equal(site.events(back).length, 0);
  return site;
}

function damage(site: Site): void {
  const stored = site.memory.runs.get(run) ?? [];
  site.memory.runs.set(run, stored.with(3, (stored[3] ?? '').replace('"schema":1', '"schema":7')));
}

describe('a run that was handed a cluster and can never begin', () => {
  for (const named of [run, back])
    it(`gives the cluster back when ${named === run ? 'the one before it' : 'it'} is aborted`, async () => {
      const site = await passedOn();
      damage(site);
      const { service } = site.process();
      await site.run(service.resumeAll());
      const refused = await site.run(service.startRun(request('another')));
      assert.equal(refused.ok ? '' : refused.failure.code, 'conflict');
      assert.deepEqual(await site.run(service.decide(named, word)), ok(undefined));
      assert.deepEqual(locksOf(site).slice(2), [`${back} closed`]);
      assert.deepEqual(await site.run(service.decide(run, word)), ok(undefined), 'twice is once');
      // Whoever would begin it late finds it ended.
      const types = site.events(back).map(({ fact }) => fact.type);
      assert.deepEqual(types, ['RunStarted', 'RunEnded']);
      assert.ok((await site.run(service.startRun(request('another')))).ok, 'the cluster is free again');
      await site.run(service.stop());
    });

  it('gives it back also where the one before it was closed earlier, once somebody wants the cluster', async () => {
    const site = await passedOn();
    damage(site);
    const closed = { by: 'ana', reason: '', atMs: 1 };
    site.memory.refused.set(run, { run, cluster: 'sim', finding: 'event 4', atMs: 1, closed });
    const { service } = site.process();
    await site.run(service.resumeAll());
    assert.deepEqual(locksOf(site).slice(2), [`${back} closed`]);
    assert.ok((await site.run(service.startRun(request('another')))).ok);
    await site.run(service.stop());
  });

  it('begins, and nobody ends it, where the journal before it is damaged only later', async () => {
    const site = await passedOn();
    const { service } = site.process();
    site.fleet.world.marks.add('broken');
    await site.run(service.resumeAll());
    await site.until(back, 'halted');
    damage(site);
    assert.deepEqual(await site.run(service.decide(run, word)), ok(undefined));
    assert.equal(site.statusOf(back), 'halted');
    assert.equal(locksOf(site).length, 2, 'it holds the cluster');
    await site.run(service.stop());
  });
});
