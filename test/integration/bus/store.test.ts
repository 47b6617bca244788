import assert from 'node:assert/strict';
import { openStore, type Store, type Stored } from '../../../coordinator/bus/store.ts';
import { eventually, must, startTestBus, type TestBus } from './test-bus.ts';

interface Row {
  count: number;
}

describe('store in the bus', function () {
  this.timeout(60_000);
  let test: TestBus;
  let store: Store<Row>;
  before(async () => {
    test = await startTestBus();
    store = must(await openStore<Row>(test.bus, 'rows'));
  });
  after(() => test.stop());

  it('has nothing under a key that was never written', async () => {
    assert.equal(must(await store.get('nothing')), undefined);
    assert.deepEqual(must(await must(await openStore<Row>(test.bus, 'empty')).keys()), []);
  });

  it('lets one of two creators win', async () => {
    const results = await Promise.all([store.create('one', { count: 1 }), store.create('one', { count: 2 })]);
    assert.equal(results.filter((result) => result.ok).length, 1);
    const lost = results.find((result) => !result.ok);
    assert.equal(lost?.ok === false ? lost.failure.code : '', 'conflict');
  });

  it('refuses a write on an old revision', async () => {
    const first = must(await store.put('cas', { count: 1 }));
    must(await store.put('cas', { count: 2 }, first));
    const late = await store.put('cas', { count: 3 }, first);
    assert.equal(late.ok === false ? late.failure.code : '', 'conflict');
    assert.deepEqual(must(await store.get('cas'))?.value, { count: 2 });
  });

  it('forgets what was deleted and lets it be created again', async () => {
    must(await store.create('gone', { count: 1 }));
    must(await store.delete('gone'));
    assert.equal(must(await store.get('gone')), undefined);
    assert.equal(must(await store.keys()).includes('gone'), false);
    must(await store.create('gone', { count: 2 }));
    assert.equal(must(await store.list()).find(({ key }) => key === 'gone')?.value.count, 2);
  });

  it('tells what is there and then what changes', async () => {
    const watched = must(await openStore<Row>(test.bus, 'watched'));
    must(await watched.put('before', { count: 1 }));
    const seen = new Map<string, Stored<Row> | undefined>();
    const stop = must(await watched.watch((key, stored) => seen.set(key, stored)));
    must(await watched.put('after', { count: 2 }));
    must(await watched.delete('before'));
    await eventually(
      () => seen.get('after')?.value.count === 2 && seen.has('before') && seen.get('before') === undefined,
      'the watcher saw the put and the removal',
    );
    stop();
  });

  it('keeps what was acknowledged over a kill -9 of the server', async () => {
    for (let count = 0; count < 20; count += 1) must(await store.put(`kept.${count}`, { count }));
    await test.killAndRestart();
    store = must(await openStore<Row>(test.bus, 'rows'));
    const kept = must(await store.list()).filter(({ key }) => key.startsWith('kept.'));
    assert.equal(kept.length, 20);
  });
});
