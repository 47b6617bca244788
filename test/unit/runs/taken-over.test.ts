// A recovery takes the cluster over from whichever run stands, also from one that cannot be rolled back, and from none that
// runs.
import assert from 'node:assert/strict';
import { runIdOf } from '../../../coordinator/runs/opening.ts';
import { ok, type Result } from '../../../shared/failures.ts';
import { World } from '../sequencer/world.ts';
import { locksOf, rollback } from './handed-over.ts';
import { request, Site } from './process.ts';

const run = runIdOf('upgrade', 'r1');
const anew = runIdOf('recover', 'recover-1');
const recovery = request('recover-1', { ...rollback, name: 'recover', parameters: {} });

describe('a run that a recovery takes over from', function () {
  this.timeout(120_000);

  it('ends in favour of it, though it has taken no backup; cluster and suspension pass on', async () => {
    const site = new Site(new World({ fates: ['well', 'well', 'fails'] }));
    const process = site.process();
    await site.run(process.service.startRun(request('r1')));
    await site.until(run, 'halted', 'awaiting-operator');
    assert.deepEqual(await site.run(process.service.handOver(run, recovery)), ok(anew));
    await site.until(anew, 'succeeded');
    assert.deepEqual(locksOf(site), [`${run} after nobody`, `${anew} after ${run}`, `${anew} closed`]);
    const ended = site.events(run).at(-1)?.fact;
    assert.ok(ended?.type === 'RunEnded' && ended.status === 'aborted');
    assert.match(ended.message, /ended for a recovery: recover-\w+ starts from what is there/);
    const word = site.events(run).findLast(({ fact }) => fact.type === 'OperatorDecided')?.fact;
    assert.ok(word?.type === 'OperatorDecided' && word.decision === 'recover');
    const shown = await site.run(process.views.show(run));
    assert.ok(shown.ok);
    assert.deepEqual([shown.value.status, shown.value.rolledBackBy], ['aborted', undefined]);
    await site.run(process.service.stop());
  });

  it('goes on where it runs: nothing of it may be on its way', async () => {
    const site = new Site(new World());
    let early: Promise<Result<string>> | undefined;
    const process = site.process(undefined, undefined, async (what) => {
      if (what === 'append StepStarted') early ??= process.service.handOver(run, recovery);
    });
    await site.run(process.service.startRun(request('r1')));
    await site.until(run, 'awaiting-operator');
    const running = await site.run(early ?? Promise.reject(new Error('it was never said')));
    assert.match(running.ok ? '' : running.failure.message, /recover is not possible now, only: pause, abort/);
    assert.deepEqual(locksOf(site), [`${run} after nobody`]);
    await site.run(process.service.stop());
  });
});
