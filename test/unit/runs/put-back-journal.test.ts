// A coordinator that was put back to an older copy: its journal lacks what the agents were told of.
import assert from 'node:assert/strict';
import { verifyExport } from '../../../coordinator/journal/export.ts';
import { guardJournal } from '../../../coordinator/runs/guarded-journal.ts';
import { ok } from '../../../shared/failures.ts';
import { compiled, quiet, request, Site } from './process.ts';

const word = (decision: 'abort' | 'retry') => ({
  decision,
  operator: 'ana',
  reason: 'looked at all nodes',
  requestId: 'd',
});

/** A run that stands at its approval, with its journal cut to this many events afterwards. */
async function cutTo(events: number): Promise<{ site: Site; run: string }> {
  const site = new Site();
  const first = site.process();
  const opened = await site.run(first.service.startRun(request()));
  assert.ok(opened.ok);
  const run = opened.value;
  await site.until(run, 'awaiting-operator');
  await site.run(first.service.stop());
  const stored = site.memory.runs.get(run) ?? [];
  if (events === 0) site.memory.runs.delete(run);
  else site.memory.runs.set(run, stored.slice(0, events));
  return { site, run };
}

describe('a journal that lacks what agents were told of', () => {
  for (const left of [8, 0])
    it(`with ${left} events left is refused at its exact event, appended to by nobody, and closed by hand`, async () => {
      const { site, run } = await cutTo(left);
      const { service, views } = site.process();
      assert.ok((await site.run(service.resumeAll())).ok);
      assert.equal(service.stateOf(run), undefined, 'nobody works on it');
      assert.equal(site.events(run).length, left);

      const shown = await site.run(views.show(run));
      assert.ok(shown.ok);
      assert.equal(shown.value.status, 'halted');
      assert.match(shown.value.message, new RegExp(`event ${left + 1} is missing: n[123] was told of \\d+ events`));
      const exported = await site.run(views.export(run));
      assert.ok(exported.ok && exported.value.length === left + 1);
      const verdict = verifyExport(exported.value);
      assert.ok(!verdict.ok && verdict.sequence === left + 1, 'what is left is evidence, and not taken for whole');
      assert.deepEqual(
        shown.value.next.map(({ command }) => command),
        [`baton run export ${run}`, `baton run abort ${run}`],
      );
      const refused = await site.run(service.startRun(request('another')));
      assert.ok(!refused.ok && ['restored-state', 'conflict'].includes(refused.failure.code));
      const retried = await site.run(service.decide(run, word('retry')));
      assert.ok(!retried.ok && retried.failure.code === 'damaged');

      assert.ok((await site.run(service.decide(run, word('abort')))).ok);
      assert.ok((await site.run(service.decide(run, word('abort')))).ok, 'twice is once');
      assert.equal(site.events(run).length, left);
      assert.deepEqual(
        [...new Set(site.fleet.closed)].sort(),
        ['n1', 'n2', 'n3'].map((node) => `${node} ${run}`),
      );
      const closed = await site.run(views.show(run));
      assert.ok(closed.ok && closed.value.status === 'failed' && closed.value.next.length === 0);
      assert.match(closed.value.message, /ana gave the cluster back/);
      const listed = await site.run(views.list());
      assert.ok(listed.ok && listed.value.runs.some(({ id, status }) => id === run && status === 'failed'));

      const next = await site.run(service.startRun(request('another')));
      assert.ok(next.ok, 'the cluster is free again');
      // For ever, also once no agent holds its head any more.
      const again = site.process();
      assert.ok(!(await site.run(again.service.decide(run, word('retry')))).ok);
      await site.run(service.stop());
    });

  it('is refused also where it has other events under the same numbers', async () => {
    const { site, run } = await cutTo(1_000);
    for (const [node, head] of site.fleet.heads) site.fleet.heads.set(node, { ...head, hash: 'f'.repeat(64) });
    const { service, views } = site.process();
    await site.run(service.resumeAll());
    const shown = await site.run(views.show(run));
    assert.ok(shown.ok);
    assert.match(shown.value.message, /event \d+ is not the one that n[123] was told of/);
  });

  it('is refused where a node was told that the run is over and it has no end, until it is closed by hand', async () => {
    const { site, run } = await cutTo(1_000);
    for (const [node, head] of site.fleet.heads) site.fleet.heads.set(node, { ...head, isClosed: true });
    const { service, views } = site.process();
    await site.run(service.resumeAll());
    assert.equal(service.stateOf(run), undefined, 'nobody works on it');
    const shown = await site.run(views.show(run));
    assert.ok(shown.ok);
    assert.match(shown.value.message, /event \d+ is missing: n[123] was told that the run is over/);
    assert.ok((await site.run(service.decide(run, word('abort')))).ok);
    assert.ok((await site.run(service.startRun(request('another')))).ok, 'the cluster is free again');
    await site.run(service.stop());
  });

  it('of a closed run locks nothing where all of it is gone, or where it has its end', async () => {
    const { site, run } = await cutTo(1_000);
    const head = [...site.fleet.heads.values()][0];
    assert.ok(head);
    const first = site.process();
    await site.run(first.service.resumeAll());
    await site.until(run, 'awaiting-operator');
    assert.ok((await site.run(first.service.decide(run, word('abort')))).ok);
    await site.until(run, 'aborted');
    await site.run(first.service.stop());
    site.fleet.heads.clear();
    site.fleet.heads.set('n1', { ...head, node: 'n1', run: 'upgrade-gone', isClosed: true });
    site.fleet.heads.set('n2', { ...head, node: 'n2', isClosed: true });
    const { service } = site.process();
    await site.run(service.resumeAll());
    assert.ok((await site.run(service.startRun(request('another')))).ok, 'the cluster is free');
    for (const id of [run, 'upgrade-gone']) assert.deepEqual(await site.memory.refusals.get(id), ok(undefined));
    await site.run(service.stop());
  });

  it('is not given back while something of it runs, or while a node cannot be asked', async () => {
    const { site, run } = await cutTo(8);
    const { service } = site.process();
    await site.run(service.resumeAll());
    site.fleet.presenceOf = (one) => (one.node === 'n2' ? { ...one, connected: false } : one);
    const away = await site.run(service.decide(run, word('abort')));
    assert.ok(!away.ok);
    assert.match(away.failure.message, /n2: its agent is not connected; only waiting is possible/);
    site.fleet.presenceOf = (one) => (one.node === 'n1' ? { ...one, runningKey: `${run}/install/do/1` } : one);
    const busy = await site.run(service.decide(run, word('abort')));
    assert.ok(!busy.ok);
    assert.match(busy.failure.message, /n1 still carries out .*install\/do\/1/);
    assert.deepEqual(site.fleet.closed, []);
  });

  it('is given back by itself once the bus has room, where it had none for the end of what an operator has said', async () => {
    const { site, run } = await cutTo(8);
    const { service } = site.process();
    await site.run(service.resumeAll());
    site.memory.isFull = true;
    const said = await site.run(service.decide(run, word('abort')));
    assert.match(said.ok ? '' : said.failure.message, /is full; it is tried again until the cluster is given back/);
    await site.run(site.clock.sleep(60_000));
    const last = () => site.memory.clusters.get('sim')?.at(-1)?.type;
    assert.equal(last(), 'RunOpened');
    site.memory.isFull = false;
    await site.run(site.clock.sleep(10_000));
    assert.equal(last(), 'RunClosed');
    await site.run(service.stop());
  });

  it('that only lacks what came after the last command goes on: agents tell again what is missing', async () => {
    const { site, run } = await cutTo(1_000);
    const all = site.memory.runs.get(run) ?? [];
    const told = Math.max(...[...site.fleet.heads.values()].map(({ sequence }) => sequence));
    assert.ok(told < all.length);
    site.memory.runs.set(run, all.slice(0, told));
    const { service } = site.process();
    await site.run(service.resumeAll());
    await site.until(run, 'awaiting-operator');
    const keys = site.fleet.world.started.map(({ step, phase, attempt }) => `${step}/${phase}/${attempt}`);
    assert.equal(new Set(keys).size, keys.length);
    await site.run(service.stop());
  });

  it('by the time that they are asked is whole where it has grown since it was read', async () => {
    const { site, run } = await cutTo(1_000);
    const all = site.memory.runs.get(run) ?? [];
    site.memory.runs.set(run, all.slice(0, 8));
    const guarded = guardJournal({
      ...{ journal: site.memory.door().journal, refusals: site.memory.refusals, clock: site.clock, log: quiet },
      nodesOf: async () => ok(['n1', 'n2', 'n3']),
      clusterOf: async () => ok(compiled().plan.cluster.cluster),
      async heldHeads() {
        site.memory.runs.set(run, all);
        return ok([...site.fleet.heads.values()]);
      },
    });
    const read = await site.run(guarded.read(run));
    assert.ok(read.ok && read.value.length === all.length);
    assert.deepEqual(await site.memory.refusals.get(run), ok(undefined));
  });

  it('of another cluster’s node is nobody’s evidence', async () => {
    const { site, run } = await cutTo(1_000);
    site.fleet.heads.set('stranger', { node: 'stranger', run, sequence: 9_999, hash: 'e'.repeat(64) });
    const { service } = site.process();
    await site.run(service.resumeAll());
    assert.ok(service.stateOf(run) !== undefined);
    await site.run(service.stop());
    assert.ok(compiled().plan.cluster.nodes.every(({ name }) => name !== 'stranger'));
  });

  it('no more than one whose plan is damaged, holds its cluster for ever', async () => {
    const { site, run } = await cutTo(1_000);
    site.memory.artefacts.clear();
    const { service, views } = site.process();
    await site.run(service.resumeAll());
    const shown = await site.run(views.show(run));
    assert.match(shown.ok ? '' : shown.failure.message, /its plan is damaged.*baton run abort/);
    const verify = async () => {
      const exported = await site.run(views.export(run));
      return exported.ok && verifyExport(exported.value).ok;
    };
    assert.ok(await verify(), 'its journal is whole');
    assert.ok(!(await site.run(service.decide(run, word('retry')))).ok);
    assert.ok((await site.run(service.decide(run, word('abort')))).ok);
    assert.equal(site.memory.clusters.get('sim')?.at(-1)?.type, 'RunClosed');
    assert.ok(await verify(), 'also once it is closed');
    assert.ok((await site.run(service.startRun(request('another')))).ok, 'the cluster is free again');
    await site.run(service.stop());
  });
});
