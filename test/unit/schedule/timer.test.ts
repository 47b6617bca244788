// What createTimer starts of scheduled backups, over restarts, takeovers, times without a coordinator and clocks that were wrong.
import assert from 'node:assert/strict';
import type { BackupSchedule } from '../../../coordinator/cluster/backup-schedule.ts';
import { graceMs, judgeDue } from '../../../coordinator/schedule/due.ts';
import { TimerWorld } from './timer-world.ts';

describe('scheduled backups', () => {
  it('are started once for each time, however often somebody looks', async () => {
    const world = new TimerWorld();
    const timer = world.coordinator();
    await timer.look();
    for (const text of [
      '2026-11-21T01:59:59Z',
      '2026-11-21T02:00:03Z',
      '2026-11-21T02:00:13Z',
      '2026-11-21T09:00:00Z',
    ]) {
      world.to(text);
      await timer.look();
    }
    world.to('2026-11-22T02:00:00Z');
    await timer.look();
    assert.deepEqual(world.reasons(), [
      'scheduled for 2026-11-21T02:00:00.000Z',
      'scheduled for 2026-11-22T02:00:00.000Z',
    ]);
    assert.deepEqual(world.said, []);
    assert.equal(world.record().last?.atMs, Date.parse('2026-11-22T02:00:00Z'));
  });

  it('are started once when the coordinator dies between the start and the record of it', async () => {
    const world = new TimerWorld();
    await world.coordinator().look();
    world.to('2026-11-21T02:00:00Z');
    world.betweenStartAndRecord = () => {
      throw new Error('killed here');
    };
    await assert.rejects(world.coordinator().look());
    world.betweenStartAndRecord = () => undefined;
    world.to('2026-11-21T02:00:09Z');
    await world.coordinator().look();
    assert.equal(world.runs.size, 1);
    assert.equal(world.record().doneUntilMs, Date.parse('2026-11-21T02:00:00Z'));
  });

  it('are started once by two coordinators that look at the same time', async () => {
    const world = new TimerWorld();
    await world.coordinator().look();
    world.to('2026-11-21T02:00:00Z');
    const [one, other] = [world.coordinator(), world.coordinator()];
    await Promise.all([one.look(), other.look()]);
    assert.equal(world.runs.size, 1);
  });

  it('are not caught up in a burst: what was missed without a coordinator is said, time by time', async () => {
    const world = new TimerWorld();
    await world.coordinator().look();
    world.to('2026-11-23T12:00:00Z');
    await world.coordinator().look();
    assert.equal(world.runs.size, 0);
    assert.equal(world.said.length, 3);
    assert.match(world.said[0] ?? '', /2026-11-21T02:00:00\.000Z was not taken: no coordinator was there/);
    await world.coordinator().look();
    assert.equal(world.said.length, 3, 'it is said once');
    world.to('2026-11-24T02:00:01Z');
    await world.coordinator().look();
    assert.equal(world.runs.size, 1);
    assert.equal(world.said.length, 3, 'not again with the next record');
  });

  it('begin a little late after a restart, the older ones being missed', async () => {
    const world = new TimerWorld();
    await world.coordinator().look();
    world.to('2026-11-22T02:10:00Z');
    await world.coordinator().look();
    assert.deepEqual(world.reasons(), ['scheduled for 2026-11-22T02:00:00.000Z']);
    assert.equal(world.record().missed.length, 1);
  });

  it('wait while the cluster is held, and are missed with that reason once it takes too long', async () => {
    const world = new TimerWorld();
    const timer = world.coordinator();
    await timer.look();
    world.hindrance = 'cluster lab is held by run upgrade-1';
    world.to('2026-11-21T02:00:00Z');
    await timer.look();
    assert.deepEqual(world.said, []);
    world.nowMs += graceMs + 1;
    await timer.look();
    assert.match(world.said[0] ?? '', /was not taken: cluster lab is held by run upgrade-1/);
    world.hindrance = undefined;
    world.to('2026-11-21T12:00:00Z');
    await timer.look();
    assert.equal(world.runs.size, 0);
    world.to('2026-11-22T02:00:00Z');
    await timer.look();
    assert.equal(world.runs.size, 1);
  });

  it('start as soon as the cluster is free again', async () => {
    const world = new TimerWorld();
    const timer = world.coordinator();
    await timer.look();
    world.hindrance = 'held';
    world.to('2026-11-21T02:00:00Z');
    await timer.look();
    world.hindrance = undefined;
    world.to('2026-11-21T02:03:00Z');
    await timer.look();
    assert.equal(world.runs.size, 1);
    assert.deepEqual(world.record().missed, []);
  });

  it('begin anew with another schedule: nothing that lies before it was promised', async () => {
    const world = new TimerWorld();
    const timer = world.coordinator();
    await timer.look();
    world.to('2026-11-20T23:00:00Z');
    world.file = "{ schedule: { cron: '0 22 * * *', timezone: UTC } }";
    await timer.look();
    assert.equal(world.runs.size, 0);
    assert.deepEqual(world.said, []);
    world.to('2026-11-21T22:00:00Z');
    await timer.look();
    assert.equal(world.runs.size, 1);
  });

  it('are not asked for where the cluster file has no schedule', async () => {
    const world = new TimerWorld();
    world.file = '{}';
    await world.coordinator().look();
    assert.equal(world.table.size, 0);
  });
});

describe('what a schedule asks for', () => {
  const nightly: BackupSchedule = { cron: '0 2 * * *', timezone: 'UTC' };
  const at = (text: string) => Date.parse(text);

  it('is not silenced by a record that a wrong clock wrote', () => {
    const known = { ...nightly, doneUntilMs: at('2036-01-01T02:00:00Z'), missed: [] };
    const now = judgeDue(nightly, known, at('2026-11-20T10:00:00Z'));
    assert.equal(now.record.doneUntilMs, at('2026-11-20T10:00:00Z'));
    assert.equal(judgeDue(nightly, now.record, at('2026-11-21T02:00:00Z')).is, 'start');
  });

  it('is nothing twice when the clock is set back a little', () => {
    const known = { ...nightly, doneUntilMs: at('2026-11-21T02:00:00Z'), missed: [] };
    assert.equal(judgeDue(nightly, known, at('2026-11-21T01:59:00Z')).is, 'later');
    assert.equal(judgeDue(nightly, known, at('2026-11-21T02:00:30Z')).is, 'later');
  });

  it('keeps only the newest of what was missed', () => {
    const often: BackupSchedule = { cron: '* * * * *', timezone: 'UTC' };
    const known = { ...often, doneUntilMs: at('2026-11-01T00:00:00Z'), missed: [] };
    const { is, record } = judgeDue(often, known, at('2026-11-21T00:00:30Z'));
    assert.equal(is, 'start');
    assert.equal(record.missed.length, 5);
    assert.equal(record.missed.at(-1)?.atMs, at('2026-11-20T23:59:00Z'));
  });
});
