// A run that a schedule has started waits for nobody: where another one would ask a person it ends, and what it has left on a
// node is ended there as soon as the node's agent answers.
import assert from 'node:assert/strict';
import type { PlanItem } from '../../../coordinator/plans/plan.ts';
import { runIdOf } from '../../../coordinator/runs/opening.ts';
import type { Key } from '../../../shared/key.ts';
import { sampleApproval, sampleStep } from '../sequencer/sample-plan.ts';
import { World } from '../sequencer/world.ts';
import { type Process, request, Site, simPlan } from './process.ts';

const run = runIdOf('backup', 'night');
const backUp = (isHarmless = true): PlanItem =>
  sampleStep(
    'back-up',
    'n1',
    { kind: 'backUpFiles', directory: '/b', backup: 'b', part: 'files', paths: ['/f'], excludes: [], units: [] },
    { isHarmless, then: [] },
  );

/** A cluster whose nodes come and go as the test says. */
class Comings extends World {
  readonly settled: Key[] = [];

  leave(node: string): void {
    this.awayUntilMs.set(node, Number.POSITIVE_INFINITY);
  }

  comeBack(node: string): void {
    this.awayUntilMs.delete(node);
  }

  override settle(node: string, key: Key): ReturnType<World['settle']> {
    const standing = super.settle(node, key);
    if (standing.ok) this.settled.push(key);
    return standing;
  }
}

async function started(
  items: PlanItem[],
  world: World,
  who: { isUnattended?: true } = { isUnattended: true },
): Promise<{ site: Site; process: Process }> {
  const site = new Site(world);
  const process = site.process();
  const wanted = { ...request('night', { ...simPlan, name: 'backup', items }), ...who };
  assert.ok((await site.run(process.service.startRun(wanted))).ok);
  return { site, process };
}

/** The agent of n1 goes away in the middle of the backup and stays away. */
async function leftAlone(items = [backUp()], who: { isUnattended?: true } = { isUnattended: true }) {
  const world = new Comings({ lucks: ['outcome-lost'] });
  const { site, process } = await started(items, world, who);
  const begun = async (): Promise<void> => {
    while (world.started.length === 0) await site.clock.sleep(20);
  };
  await site.run(begun());
  world.leave('n1');
  return { site, process, world };
}

const messageOf = (site: Site): string => {
  const fact = site.events(run).at(-1)?.fact;
  return fact?.type === 'RunEnded' ? fact.message : '';
};

describe('a run that nobody attends', function () {
  this.timeout(60_000);

  it('ends as failed where its agent stays away, and gives the cluster back', async () => {
    const { site, process } = await leftAlone();
    await site.until(run, 'failed');
    assert.match(messageOf(site), /n1 has not answered for .*What of it still runs on n1 is ended once its agent/s);
    assert.ok((await site.run(process.service.startRun(request('another')))).ok);
    assert.deepEqual(site.fleet.closed, [], 'n1 has not heard it');
    await site.run(process.service.stop());
  });

  it('has what it left ended on the node as soon as that is back, and only then forgotten', async () => {
    const { site, process, world } = await leftAlone();
    await site.until(run, 'failed');
    world.comeBack('n1');
    site.fleet.onClose = () => assert.equal(world.settled.length, 1);
    site.fleet.tellPresence('n1');
    await site.run(site.clock.sleep(5_000));
    assert.deepEqual(site.fleet.closed, [`n1 ${run}`]);
    await site.run(process.service.stop());
  });

  it('has it ended by a later coordinator too', async () => {
    const { site, process, world } = await leftAlone();
    await site.until(run, 'failed');
    await site.run(process.service.stop());
    const later = site.process();
    await site.run(later.service.resumeAll());
    world.comeBack('n1');
    site.fleet.tellPresence('n1');
    await site.run(site.clock.sleep(5_000));
    assert.deepEqual(site.fleet.closed, [`n1 ${run}`]);
    await site.run(later.service.stop());
  });

  it('ends where it would need an approval', async () => {
    const { site, process } = await started([backUp(), sampleApproval], new World());
    await site.until(run, 'failed');
    assert.match(messageOf(site), /does the master look well/);
    await site.run(process.service.stop());
  });

  it('stands while a person has asked it to', async () => {
    const { site, process } = await started(
      [backUp(), sampleStep('other', 'n1', { kind: 'stopUnits', units: ['a'] })],
      new World(),
    );
    const pause = { decision: 'pause' as const, operator: 'ana', reason: '', requestId: 'pause-1' };
    assert.ok((await site.run(process.service.decide(run, pause))).ok);
    await site.until(run, 'awaiting-operator');
    await site.run(process.service.stop());
  });

  it('waits for a person all the same once it has changed something of the cluster', async () => {
    const { site, process } = await leftAlone([backUp(false)]);
    await site.until(run, 'awaiting-operator');
    await site.run(process.service.stop());
  });
});

describe('a run that somebody attends', () => {
  it('waits for that person where its agent stays away', async () => {
    const { site, process } = await leftAlone([backUp()], {});
    await site.until(run, 'awaiting-operator');
    await site.run(process.service.stop());
  });
});
