// Whatever dies while a run is handed over, the cluster is free at no moment and the successor begins once.
import assert from 'node:assert/strict';
import type { Result } from '../../../shared/failures.ts';
import { formatKey } from '../../../shared/key.ts';
import { World } from '../sequencer/world.ts';
import { back, backRequest, halted, locksOf, run, upTo, wellLocked } from './handed-over.ts';
import type { Fate } from './memory-parts.ts';
import { Site } from './process.ts';

describe('crash of the coordinator at each thing that it does while it hands over', function () {
  this.timeout(240_000);

  async function play(dieAt: number, when: 'die before' | 'die after'): Promise<{ site: Site; acts: number }> {
    const site = new Site(new World({ fates: upTo('unknown-without-effect') }));
    let acts = 0;
    let isCounting = false;
    const fate: Fate = () => {
      if (!isCounting) return 'go on';
      acts += 1;
      return acts === dieAt ? when : 'go on';
    };
    let process = site.process(fate);
    await halted(site, process, 'awaiting-operator');
    isCounting = true;
    const isDead = async (): Promise<'dead'> => {
      while (!process.isDead()) await site.clock.sleep(20);
      return 'dead';
    };
    let said: Result<string> | 'dead' = 'dead';
    for (let turn = 0; turn < 300; turn += 1) {
      if (process.isDead()) {
        process = site.process();
        await site.run(process.service.resumeAll());
      }
      // The operator’s client says it again until it is answered.
      if (said === 'dead' || !said.ok)
        said = await site.run(Promise.race([process.service.handOver(run, backRequest), isDead()]));
      if (site.memory.clusters.get('sim')?.at(-1)?.type === 'RunClosed') break;
      await site.run(site.clock.sleep(200));
    }
    return { site, acts };
  }

  it('comes to the same end: one successor, each step started once, the cluster never free in between', async () => {
    const whole = await play(0, 'die before');
    const keys = whole.site.fleet.world.started.map(formatKey);
    assert.ok(whole.acts > 25, `${whole.acts} acts`);
    assert.deepEqual(locksOf(whole.site), wellLocked);
    for (let at = 1; at <= whole.acts; at += 1)
      for (const when of ['die before', 'die after'] as const) {
        const { site } = await play(at, when);
        const where = `${when} ${at}`;
        assert.deepEqual(locksOf(site), wellLocked, where);
        assert.equal(site.statusOf(back), 'rolled-back', where);
        assert.deepEqual(site.fleet.world.started.map(formatKey), keys, where);
        const decided = site.events(run).filter(({ fact }) => fact.type === 'OperatorDecided');
        assert.equal(decided.length, 1, where);
        assert.equal(site.events(back).filter(({ fact }) => fact.type === 'RunStarted').length, 1, where);
      }
  });

  it('is begun by the second coordinator alone, when the first one comes late with the lock', async () => {
    const site = new Site(new World({ fates: upTo('fails') }));
    let release = (): void => undefined;
    const late = new Promise<void>((resolve) => {
      release = resolve;
    });
    let isHeld = false;
    const first = site.process(undefined, undefined, async (what) => {
      if (what !== 'open' || site.events(run).length === 0) return;
      isHeld = true;
      await late;
    });
    await halted(site, first);
    void first.service.handOver(run, backRequest);
    const held = async (): Promise<void> => {
      while (!isHeld) await site.clock.sleep(20);
    };
    await site.run(held());
    const shown = await site.run(first.views.show(back));
    assert.ok(!shown.ok && shown.failure.code === 'not-in-state');
    assert.match(shown.failure.message, new RegExp(`has not begun yet: .* see baton run show ${run}`));
    const none = await site.run(first.views.show('rollback-none'));
    assert.equal(none.ok ? '' : none.failure.code, 'not-found');
    const second = site.process();
    await site.run(second.service.resumeAll());
    await site.until(back, 'rolled-back');
    await site.run(site.clock.sleep(1_000));
    assert.deepEqual(locksOf(site), wellLocked);
    release();
    await site.run(site.clock.sleep(10_000));
    assert.deepEqual(locksOf(site), wellLocked);
    assert.equal(site.events(back).filter(({ fact }) => fact.type === 'RunStarted').length, 1);
  });
});
