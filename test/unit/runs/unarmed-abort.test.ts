// An abort whose observer cannot be started: the lock stays, and `run show` tells the ways out, which are ways out.
import assert from 'node:assert/strict';
import type { Decision } from '../../../coordinator/journal/event.ts';
import { runIdOf } from '../../../coordinator/runs/opening.ts';
import { World } from '../sequencer/world.ts';
import { type Process, request, Site } from './process.ts';

const run = runIdOf('upgrade', 'r1');
let said = 0;
const word = (decision: Decision) => {
  said += 1;
  return { decision, operator: 'ana', reason: 'because', requestId: `say-${said}` };
};

/** Aborted after a failed installer; the observer then fails to start. */
async function haltedUnarmed(): Promise<{ site: Site; process: Process }> {
  const world = new World({ fates: ['well', 'well', 'well', 'fails', 'well', 'fails'] });
  const site = new Site(world);
  const process = site.process();
  assert.ok((await site.run(process.service.startRun(request()))).ok);
  await site.until(run, 'halted');
  assert.ok((await site.run(process.service.decide(run, word('abort')))).ok);
  const haltedAgain = async (): Promise<void> => {
    while (process.service.stateOf(run)?.halt?.reason !== 'undo-failed') await site.clock.sleep(50);
  };
  await site.run(haltedAgain());
  return { site, process };
}

const ended = async (site: Site): Promise<void> => {
  await site.until(run, 'aborted');
  await site.run(site.clock.sleep(1_000));
  const last = site.events(run).at(-1)?.fact;
  assert.ok(last?.type === 'RunEnded' && last.failoverArmed === 'armed');
  assert.equal(site.memory.clusters.get('sim')?.at(-1)?.type, 'RunClosed');
};

describe('an abort whose observer cannot be started', () => {
  it('halts with failover suspended and the lock held, and says the ways out with what they lead to', async () => {
    const { site, process } = await haltedUnarmed();
    const shown = await site.run(process.views.show(run));
    assert.ok(shown.ok);
    assert.equal(shown.value.failover, 'suspended');
    assert.match(shown.value.halt?.message ?? '', /Undo of step suspend: exit 1/);
    assert.deepEqual(
      shown.value.next
        .filter(({ command }) => !command.includes('rollback'))
        .map(({ command, consequence }) => [command, consequence]),
      [
        [`baton run retry ${run}`, 'carries out the undo of “step suspend” again, as attempt 2'],
        [
          `baton run adopt ${run}`,
          'takes the undo of “step suspend” as finished by hand, if everything is as it must be after it',
        ],
      ],
    );
    assert.equal(site.memory.clusters.get('sim')?.at(-1)?.type, 'RunOpened');
    await site.run(process.service.stop());
  });

  it('ends armed and gives the cluster back by a retry, once the observer is repaired', async () => {
    const { site, process } = await haltedUnarmed();
    assert.ok((await site.run(process.service.decide(run, word('retry')))).ok);
    await ended(site);
    await site.run(process.service.stop());
  });

  it('is adopted only where failover was armed by hand: before that it halts again and stays suspended', async () => {
    const { site, process } = await haltedUnarmed();
    const before = site.events(run).length;
    assert.ok((await site.run(process.service.decide(run, word('adopt')))).ok);
    const haltedAgain = async (): Promise<void> => {
      while (site.events(run).length <= before + 1 || process.service.stateOf(run)?.status !== 'halted')
        await site.clock.sleep(50);
    };
    await site.run(haltedAgain());
    assert.match(process.service.stateOf(run)?.halt?.message ?? '', /did not leave things as they must be/);
    assert.equal(site.memory.clusters.get('sim')?.at(-1)?.type, 'RunOpened');
    site.fleet.world.marks.delete('suspend');
    assert.ok((await site.run(process.service.decide(run, word('adopt')))).ok);
    await ended(site);
    await site.run(process.service.stop());
  });
});
