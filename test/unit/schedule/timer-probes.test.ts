// Scheduled probes beside backups: over restarts, deaths between record and word, and while one takes long.
import assert from 'node:assert/strict';
import { TimerWorld } from './timer-world.ts';

describe('scheduled probes', () => {
  const nightly = { cron: '0 3 * * *', timezone: 'UTC', addedBy: 'ana', addedAtMs: 0 };

  it('are taken beside backups, each at its own time, once over a restart between taking and the record of it', async () => {
    const world = new TimerWorld();
    world.probes.set('lab', nightly);
    await world.coordinator().look();
    world.to('2026-11-21T02:00:05Z');
    await world.coordinator().look();
    world.betweenStartAndRecord = () => {
      throw new Error('killed');
    };
    world.to('2026-11-21T03:00:05Z');
    await assert.rejects(world.coordinator().look());
    world.betweenStartAndRecord = () => undefined;
    await world.coordinator().look();
    assert.deepEqual(world.reasons(), [
      'scheduled for 2026-11-21T02:00:00.000Z',
      'scheduled for 2026-11-21T03:00:00.000Z',
    ]);
    assert.match(world.table.get('lab/probe')?.value.last?.run ?? '', /^probe-scheduled-/);
    assert.deepEqual(world.notices, []);
  });

  it('alarm for each night that nobody looked, once', async () => {
    const world = new TimerWorld();
    world.file = '{}';
    world.probes.set('lab', nightly);
    await world.coordinator().look();
    world.to('2026-11-23T10:00:00Z');
    await world.coordinator().look();
    await world.coordinator().look();
    assert.deepEqual(
      world.notices.map(({ kind, subject }) => [kind, subject]),
      [21, 22, 23].map((day) => ['alarm', `no scheduled probe of lab at 2026-11-${day}T03:00:00.000Z`]),
    );
    assert.match(world.notices[0]?.text ?? '', /no coordinator was there.*\n.*baton probe lab/);
    assert.equal(new Set(world.notices.map(({ id }) => id)).size, 3);
  });

  it('alarm for a missed night also where the coordinator dies between the record of it and the word', async () => {
    const world = new TimerWorld();
    world.file = '{}';
    world.probes.set('lab', nightly);
    await world.coordinator().look();
    world.to('2026-11-21T10:00:00Z');
    world.beforeTelling = () => {
      throw new Error('killed');
    };
    await assert.rejects(world.coordinator().look());
    world.beforeTelling = () => undefined;
    await world.coordinator().look();
    await world.coordinator().look();
    assert.deepEqual(
      world.notices.map(({ subject }) => subject),
      ['no scheduled probe of lab at 2026-11-21T03:00:00.000Z'],
    );
  });

  it('that take long keep no other schedule from its time, and are not begun twice meanwhile', async () => {
    const world = new TimerWorld();
    world.probes.set('lab', { ...nightly, cron: '0 1 * * *' });
    const timer = world.coordinator();
    await timer.look();
    const { promise: taken, resolve: end } = Promise.withResolvers<void>();
    world.betweenStartAndRecord = () => (world.runs.size === 1 ? taken : undefined);
    const over = new AbortController();
    const kept = timer.keep(over.signal);
    const someLooks = async () => {
      for (let look = 0; look < 20; look += 1) await new Promise(setImmediate);
    };
    world.to('2026-11-21T01:00:05Z');
    await someLooks();
    assert.deepEqual(world.reasons(), ['scheduled for 2026-11-21T01:00:00.000Z']);
    world.to('2026-11-21T02:00:05Z');
    await someLooks();
    assert.equal(world.runs.size, 2, 'the backup was not begun beside the probe');
    assert.equal(world.table.get('lab/probe')?.value.last, undefined, 'the probe is still taken');
    end();
    over.abort();
    await kept;
    assert.match(world.table.get('lab/probe')?.value.last?.run ?? '', /^probe-/);
    assert.equal(world.runs.size, 2);
  });

  it('are none of a cluster that is not there', async () => {
    const world = new TimerWorld();
    world.file = '{}';
    world.probes.set('other', nightly);
    await world.coordinator().look();
    assert.deepEqual([...world.table.keys()], []);
  });
});
