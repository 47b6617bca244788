import assert from 'node:assert/strict';
import { runIdOf } from '../../../coordinator/runs/opening.ts';
import { ok } from '../../../shared/failures.ts';
import { formatKey } from '../../../shared/key.ts';
import { request, Site } from './process.ts';

const run = runIdOf('upgrade', 'r1');

describe('a run whose journal takes nothing', function () {
  this.timeout(60_000);

  it('sends nothing, says why wherever it is looked at, takes no decision, and goes on by itself once there is room', async () => {
    const site = new Site();
    const process = site.process();
    assert.deepEqual(await site.run(process.service.startRun(request())), ok(run));
    const pass = (ms: number) => site.run(site.clock.sleep(ms));
    while (site.fleet.sent.length === 0) await pass(50);
    site.memory.isFull = true;
    await pass(60_000);
    const sent = site.fleet.sent.length;
    const journaled = site.events(run).length;
    await pass(600_000);
    assert.equal(site.events(run).length, journaled);
    assert.deepEqual(
      site.fleet.sent.slice(sent).map(({ key }) => formatKey(key)),
      [],
      'what is not journaled is not sent',
    );

    const shown = await site.run(process.views.show(run));
    const listed = await site.run(process.views.list());
    assert.ok(shown.ok && listed.ok);
    assert.equal(shown.value.status, 'running');
    const why =
      /the journal takes nothing: \/var\/lib\/baton is full\. Nothing is started meanwhile; the run goes on by itself/;
    for (const said of [shown.value.message, listed.value.runs[0]?.message, site.notices.at(-1)])
      assert.match(said ?? '', why);
    const decided = await site.run(
      process.service.decide(run, {
        ...{ decision: 'pause', operator: 'ana', reason: '', requestId: 'say-pause' },
      }),
    );
    assert.equal(decided.ok ? '' : decided.failure.code, 'no-space');

    site.memory.isFull = false;
    await site.until(run, 'awaiting-operator');
    assert.equal(site.notices.at(-1), '');
    const later = await site.run(process.views.show(run));
    assert.ok(later.ok);
    assert.doesNotMatch(later.value.message, /takes nothing/);
  });
});
