import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { type Bus, connectBus } from '../../../coordinator/bus/bus.ts';
import { openArtefacts } from '../../../coordinator/journal/artefacts.ts';
import { openClusterLog } from '../../../coordinator/journal/cluster-log.ts';
import { becomeLeader } from '../../../coordinator/journal/leadership.ts';
import { systemClock } from '../../../shared/clock.ts';
import { eventually, must, startTestBus, type TestBus } from '../bus/test-bus.ts';
import { opened } from './store-damage.ts';

describe('lock, artefacts and leadership on the bus', function () {
  this.timeout(60_000);
  let test: TestBus;
  before(async () => {
    test = await startTestBus();
  });
  after(() => test.stop());

  it('gives a cluster to one of two runs and names it to the other', async () => {
    const log = openClusterLog(test.bus);
    const both = await Promise.all([log.open('lab', opened('run-a')), log.open('lab', opened('run-b'))]);
    assert.equal(both.filter(({ ok }) => ok).length, 1);
    const winner = must(await log.holder('lab'))?.run;
    const lost = both.find(({ ok }) => !ok);
    assert.equal(lost?.ok === false ? lost.failure.code : '', 'conflict');
    assert.ok(lost?.ok === false && lost.failure.message.includes(`run ${winner} (upgrade, by ana) holds cluster lab`));
  });

  it('opens and closes once however often it is said, and another cluster is free', async () => {
    const log = openClusterLog(test.bus);
    for (let time = 0; time < 2; time += 1) must(await log.open('once', opened('run-c')));
    must(await log.open('elsewhere', opened('run-d')));
    for (let time = 0; time < 2; time += 1)
      must(await log.close('once', { type: 'RunClosed', run: 'run-c', status: 'succeeded', epoch: 1, atMs: 2 }));
    assert.equal(must(await log.holder('once')), undefined);
    assert.equal((await test.bus.jsm.streams.info('CLUSTER_once')).state.messages, 2);
    must(await log.open('once', opened('run-e')));
    assert.ok(must(await log.clusters()).includes('elsewhere'));
  });

  it('does not let a run close the cluster of another', async () => {
    const log = openClusterLog(test.bus);
    must(await log.open('held', opened('run-f')));
    must(await log.close('held', { type: 'RunClosed', run: 'run-x', status: 'failed', epoch: 1, atMs: 2 }));
    assert.equal(must(await log.holder('held'))?.run, 'run-f');
  });

  it('passes a cluster on from the run that holds it by one entry, from no other and never from a free one', async () => {
    const log = openClusterLog(test.bus);
    const takenFrom = (run: string, before: string) => ({ ...opened(run), after: before });
    must(await log.open('passed', opened('run-j')));
    const stranger = await log.open('passed', takenFrom('run-k', 'run-x'));
    assert.match(stranger.ok ? '' : stranger.failure.message, /run run-j .* holds cluster passed/);
    const both = await Promise.all(['run-k', 'run-k'].map((run) => log.open('passed', takenFrom(run, 'run-j'))));
    assert.ok(both.every(({ ok }) => ok));
    assert.equal(must(await log.holder('passed'))?.run, 'run-k');
    assert.equal((await test.bus.jsm.streams.info('CLUSTER_passed')).state.messages, 2);
    must(await log.close('passed', { type: 'RunClosed', run: 'run-j', status: 'aborted', epoch: 1, atMs: 2 }));
    assert.equal(must(await log.holder('passed'))?.run, 'run-k');
    must(await log.close('passed', { type: 'RunClosed', run: 'run-k', status: 'rolled-back', epoch: 1, atMs: 2 }));
    const late = await log.open('passed', takenFrom('run-k', 'run-j'));
    assert.match(late.ok ? '' : late.failure.message, /run-j no longer holds cluster passed/);
    assert.equal(must(await log.holder('passed')), undefined);
  });

  it('gives a cluster back and takes it where its kept head is gone and the number of that is not', async () => {
    const log = openClusterLog(test.bus);
    must(await log.open('beheaded', opened('run-h')));
    const heads = 'HEAD_CLUSTER_beheaded';
    // A stream forgets what is too old, as with a damaged entry its number stays.
    const { config } = await test.bus.jsm.streams.info(heads);
    await test.bus.jsm.streams.update(heads, { ...config, max_age: 100_000_000, duplicate_window: 100_000_000 });
    const state = async () => (await test.bus.jsm.streams.info(heads)).state;
    await eventually(async () => (await state()).messages === 0, 'the head is gone');
    assert.equal((await state()).last_seq, 1);
    await test.bus.jsm.streams.update(heads, { ...config, max_age: 0 });
    const again = openClusterLog(test.bus);
    must(await again.close('beheaded', { type: 'RunClosed', run: 'run-h', status: 'failed', epoch: 1, atMs: 2 }));
    must(await again.open('beheaded', opened('run-i')));
    assert.equal((await state()).messages, 1);
  });

  it('refuses names that are not names', async () => {
    const refused = await openClusterLog(test.bus).open('lab.>', opened('run-g'));
    assert.equal(refused.ok ? '' : refused.failure.code, 'bad-input');
  });

  it('gives back an artefact of several chunks, byte for byte, also after a kill -9', async () => {
    const content = randomBytes(1_300_000);
    let artefacts = openArtefacts(test.bus);
    const name = must(await artefacts.put(content));
    assert.equal(must(await artefacts.put(content)), name);
    await test.killAndRestart();
    artefacts = openArtefacts(test.bus);
    assert.deepEqual(must(await artefacts.get(name)), content);
    assert.deepEqual(must(await artefacts.get(must(await artefacts.put('')))), Buffer.alloc(0));
    const none = await artefacts.get('0'.repeat(64));
    assert.equal(none.ok ? '' : none.failure.code, 'not-found');
  });

  it('raises the epoch with each election and tells the older leader', async () => {
    const first = must(await becomeLeader(test.bus, { coordinator: 'a', isAlone: true }));
    const second = must(await becomeLeader(test.bus, { coordinator: 'b', isAlone: true }));
    assert.ok(second.epoch > first.epoch);
    assert.equal(await first.deposed, second.epoch);
    first.stop();
    second.stop();
  });

  it('lets a second coordinator wait until the leader is silent', async () => {
    const first = must(await becomeLeader(test.bus, { coordinator: 'a', isAlone: false, silentAfterMs: 300 }));
    const other: Bus = must(await connectBus(test.nats.address));
    let isLeader = false;
    const waiting = becomeLeader(other, { coordinator: 'b', isAlone: false }).then((result) => {
      isLeader = true;
      return must(result);
    });
    // As many beats as take longer than the silence that is waited for.
    let heard = 0;
    for await (const _ of test.bus.nc.subscribe('baton.leader.heartbeat', { max: 8 })) heard += 1;
    assert.equal(heard, 8);
    assert.equal(isLeader, false);
    first.stop();
    const second = await waiting;
    assert.ok(second.epoch > first.epoch);
    second.stop();
    await other.close();
  });

  it('takes nobody for dead while it sleeps itself, and does not act when it wakes before it knows', async () => {
    const clock = { ...systemClock, aheadMs: 0, monotonicMs: () => systemClock.monotonicMs() + clock.aheadMs };
    const first = must(await becomeLeader(test.bus, { coordinator: 'a', isAlone: false, silentAfterMs: 300, clock }));
    assert.equal(first.isCurrent(), true);
    const other: Bus = must(await connectBus(test.nats.address));
    const stopping = new AbortController();
    const campaign = { coordinator: 'b', isAlone: false, clock, signal: stopping.signal };
    const waiting = becomeLeader(other, campaign);
    // Both sleep for a minute from just after a beat, so that the one that waits wakes to find no newer one.
    for await (const _ of test.bus.nc.subscribe('baton.leader.heartbeat', { max: 3 })) await clock.sleep(0);
    await clock.sleep(250);
    clock.aheadMs += 60_000;
    assert.equal(first.isCurrent(), false);
    await eventually(() => first.isCurrent(), 'the leader knows again that it leads');
    await clock.sleep(1_000);
    stopping.abort();
    const stopped = await waiting;
    assert.equal(stopped.ok, false);
    assert.equal(first.isDeposed(), false);
    first.stop();
    await other.close();
  });
});
