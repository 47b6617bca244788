// The history of probes on a real bus: once for each request, over restarts and a second writer.
import assert from 'node:assert/strict';
import { openProbeLog } from '../../../coordinator/probes/probe-log.ts';
import type { ProbeDocument } from '../../../shared/probe-documents.ts';
import { must, startTestBus, type TestBus } from '../bus/test-bus.ts';

const probe = (id: string, cluster = 'lab'): ProbeDocument => ({
  ...{ schema: 1, id, cluster, by: 'schedule', elapsedMs: 900, verdict: 'pass', checks: [], changes: [] },
  startedAt: '2026-11-21T02:00:00.000Z',
});

describe('the history of probes', () => {
  let test: TestBus;
  before(async () => {
    test = await startTestBus();
  });
  after(() => test.stop());
  const ids = (probes: ProbeDocument[]) => probes.map(({ id }) => id);

  it('is empty before the first, and of each cluster by itself', async () => {
    const log = must(await openProbeLog(test.bus));
    assert.equal(log.last('lab'), undefined);
    assert.deepEqual(must(await log.newest('lab', 10)), []);
    must(await log.append(probe('one')));
    must(await log.append(probe('other', 'second')));
    assert.deepEqual(ids(must(await log.newest('lab', 10))), ['one']);
    assert.equal(log.last('second')?.id, 'other');
  });

  it('has each request once, whoever says it again', async () => {
    const log = must(await openProbeLog(test.bus));
    const second = must(await openProbeLog(test.bus));
    const both = await Promise.all([log.append(probe('two')), second.append(probe('two'))]);
    assert.deepEqual(
      both.map(must).map(({ id }) => id),
      ['two', 'two'],
    );
    assert.equal(must(await log.append({ ...probe('two'), verdict: 'fail' })).verdict, 'pass');
    assert.deepEqual(ids(must(await log.newest('lab', 10))), ['one', 'two']);
    assert.equal(must(await second.find('lab', 'two'))?.id, 'two');
    assert.equal(must(await second.find('lab', 'three')), undefined);
  });

  it('is there after a kill -9 of the server, with its newest known from the start', async () => {
    await test.killAndRestart();
    const log = must(await openProbeLog(test.bus));
    assert.equal(log.last('lab')?.id, 'two');
    for (let night = 3; night <= 40; night += 1) must(await log.append(probe(`night-${night}`)));
    assert.deepEqual(ids(must(await log.newest('lab', 2))), ['night-39', 'night-40']);
  });
});
