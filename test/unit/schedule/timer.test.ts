// Scheduled backups over restarts, takeovers, times without a coordinator and clocks that were wrong.
import assert from 'node:assert/strict';
import type { Stored } from '../../../coordinator/bus/store.ts';
import type { BackupSchedule } from '../../../coordinator/cluster/backup-schedule.ts';
import type { ClusterRecord } from '../../../coordinator/cluster/cluster-store.ts';
import { parseCluster } from '../../../coordinator/cluster/parse.ts';
import type { Notice } from '../../../coordinator/notify/notice.ts';
import { graceMs, judgeDue, type ScheduleRecord } from '../../../coordinator/schedule/due.ts';
import { allScheduled, type ProbeSchedule } from '../../../coordinator/schedule/probe-schedules.ts';
import { createTimer, type ScheduleTable } from '../../../coordinator/schedule/timer.ts';
import { fail, ok, type Result } from '../../../shared/failures.ts';
import { createLog } from '../../../shared/log.ts';

const log = createLog('test');
log.silent = true;

const cluster = (schedule: string) => {
  const parsed = parseCluster(
    `cluster: lab
nodes:
  n1: { address: 10.77.0.11, role: master }
  n2: { address: 10.77.0.12, role: standby }
  n3: { address: 10.77.0.13, role: observer }
application:
  version: { file: /opt/v, pattern: '^(.+)$' }
  portal: { url: 'http://10.77.0.10/' }
backup: ${schedule}
`,
    'c.yaml',
  );
  assert.ok(parsed.ok, parsed.ok ? '' : parsed.failure.message);
  return parsed.value;
};

/** What outlives a coordinator: the table, the runs that were started, what was said. */
class World {
  nowMs = Date.parse('2026-11-20T10:00:00Z');
  file = "{ schedule: { cron: '0 2 * * *', timezone: UTC } }";
  readonly table = new Map<string, Stored<ScheduleRecord>>();
  readonly runs = new Map<string, { reason: string; atMs: number }>();
  readonly said: string[] = [];
  readonly notices: Notice[] = [];
  readonly probes = new Map<string, ProbeSchedule>();
  hindrance: string | undefined;
  /** What a coordinator does between starting the run and keeping the record of it. */
  betweenStartAndRecord: () => void | Promise<void> = () => undefined;
  beforeTelling: () => void = () => undefined;

  to(text: string): void {
    this.nowMs = Date.parse(text);
  }

  /** A coordinator, which knows nothing of the ones before it. */
  coordinator() {
    const write = (key: string, value: ScheduleRecord, revision: number): Result<number> => {
      if ((this.table.get(key)?.revision ?? 0) !== revision) return fail('conflict', 'changed meanwhile');
      this.table.set(key, { key, value, revision: revision + 1 });
      return ok(revision + 1);
    };
    const table: ScheduleTable = {
      get: async (key) => ok(this.table.get(key)),
      create: async (key, value) => write(key, value, 0),
      put: async (key, value, revision = -1) => write(key, value, revision),
    };
    const record = { fileName: '', text: '', appliedAtMs: 0, appliedBy: '' };
    const clusters = {
      list: async () => ok([{ ...record, cluster: cluster(this.file) } satisfies ClusterRecord]),
    };
    const added = { list: async () => ok([...this.probes].map(([key, value]) => ({ key, value, revision: 1 }))) };
    return createTimer({
      schedules: () => allScheduled(clusters, added),
      table,
      notifier: {
        tell: (notice) => {
          this.beforeTelling();
          this.notices.push(notice);
        },
      },
      audit: { record: ({ detail }) => this.said.push(detail) },
      clock: { nowMs: () => this.nowMs, monotonicMs: () => this.nowMs, sleep: async () => undefined },
      log,
      start: async ({ what }, requestId, reason) => {
        if (this.hindrance !== undefined) return fail('conflict', this.hindrance);
        if (!this.runs.has(requestId)) this.runs.set(requestId, { reason, atMs: this.nowMs });
        await this.betweenStartAndRecord();
        return ok(`${what}-${requestId}`);
      },
    });
  }

  record(): ScheduleRecord {
    const found = this.table.get('lab')?.value;
    assert.ok(found);
    return found;
  }
  reasons = () => [...this.runs.values()].map(({ reason }) => reason);
}

describe('scheduled backups', () => {
  it('are started once for each time, however often somebody looks', async () => {
    const world = new World();
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
    const world = new World();
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
    const world = new World();
    await world.coordinator().look();
    world.to('2026-11-21T02:00:00Z');
    const [one, other] = [world.coordinator(), world.coordinator()];
    await Promise.all([one.look(), other.look()]);
    assert.equal(world.runs.size, 1);
  });

  it('are not caught up in a burst: what was missed without a coordinator is said, time by time', async () => {
    const world = new World();
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
    const world = new World();
    await world.coordinator().look();
    world.to('2026-11-22T02:10:00Z');
    await world.coordinator().look();
    assert.deepEqual(world.reasons(), ['scheduled for 2026-11-22T02:00:00.000Z']);
    assert.equal(world.record().missed.length, 1);
  });

  it('wait while the cluster is held, and are missed with that reason once it takes too long', async () => {
    const world = new World();
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
    const world = new World();
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
    const world = new World();
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
    const world = new World();
    world.file = '{}';
    await world.coordinator().look();
    assert.equal(world.table.size, 0);
  });
});

describe('scheduled probes', () => {
  const nightly = { cron: '0 3 * * *', timezone: 'UTC', addedBy: 'ana', addedAtMs: 0 };

  it('are taken beside backups, each at its own time, once over a restart between taking and the record of it', async () => {
    const world = new World();
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
    const world = new World();
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
    const world = new World();
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
    const world = new World();
    world.probes.set('lab', { ...nightly, cron: '0 2 * * *' });
    const timer = world.coordinator();
    await timer.look();
    const { promise: taken, resolve: end } = Promise.withResolvers<void>();
    world.betweenStartAndRecord = () => taken;
    world.file = '{}';
    world.to('2026-11-21T02:00:05Z');
    const slow = timer.look();
    await new Promise(setImmediate);
    assert.equal(world.runs.size, 1);
    world.betweenStartAndRecord = () => undefined;
    world.file = "{ schedule: { cron: '0 2 * * *', timezone: UTC } }";
    await timer.look();
    assert.equal(world.runs.size, 2, 'the backup was begun');
    end();
    await slow;
    await timer.look();
    assert.equal(world.runs.size, 2);
    assert.match(world.table.get('lab/probe')?.value.last?.run ?? '', /^probe-/);
  });

  it('are none of a cluster that is not there', async () => {
    const world = new World();
    world.file = '{}';
    world.probes.set('other', nightly);
    await world.coordinator().look();
    assert.deepEqual([...world.table.keys()], []);
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
