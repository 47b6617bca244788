// What the nodes say of their backups, for the list and for plans.
import assert from 'node:assert/strict';
import type { ReadAction, ReadingResult } from '../../../coordinator/checks/check.ts';
import type { Fleet } from '../../../coordinator/fleet/fleet.ts';
import { listBackups, readBackups } from '../../../coordinator/operator/backups.ts';
import type { ScheduleRecord } from '../../../coordinator/schedule/due.ts';
import type { ScheduleTable } from '../../../coordinator/schedule/timer.ts';
import type { AnswerOf } from '../../../shared/actions/action.ts';
import { ok } from '../../../shared/failures.ts';
import { backupPart, broken, labCluster, nowMs } from '../checks/world.ts';

const cluster = labCluster((text) => `${text}backup: { schedule: { cron: '30 0 * * *', timezone: Asia/Kolkata } }\n`);

describe('backups as nodes tell them', () => {
  /** Parts of `upgrade-1` by node; a node without an entry does not answer. */
  const fleetOf = (parts: Record<string, string[]>) => {
    const asked: ReadAction[] = [];
    const read = async (node: string, action: ReadAction): Promise<ReadingResult> => {
      asked.push(action);
      const own = parts[node];
      if (own === undefined) return { ok: false, failure: broken };
      const answer: AnswerOf<'readBackups'> = {
        ...{ kind: 'readBackups', directory: '/var/backups/baton', freeBytes: 7, unfit: '', sizeBytes: 9 },
        parts: own.map((part) => backupPart(part)),
      };
      return { ok: true, answer, commands: [] };
    };
    return { fleet: { read } as unknown as Fleet, asked };
  };
  const whole = { n1: ['application', 'configuration', 'files', 'database'], n2: ['application', 'configuration'] };
  const list = async (parts: Record<string, string[]>, record?: ScheduleRecord, of = cluster) => {
    const stored = record && { key: 'lab', value: record, revision: 1 };
    const schedules = { get: async () => ok(stored) } as unknown as ScheduleTable;
    return await listBackups({ fleet: fleetOf(parts).fleet, schedules, nowMs: () => nowMs }, of);
  };

  it('are put together over the nodes, with the room that is left', async () => {
    const listed = await list(whole);
    assert.ok(listed.ok);
    assert.deepEqual(listed.value.nodes, [
      { node: 'n1', freeBytes: 7 },
      { node: 'n2', freeBytes: 7 },
    ]);
    const [backup] = listed.value.backups;
    assert.equal(listed.value.backups.length, 1);
    assert.equal(backup?.state, 'verified');
    assert.equal(backup?.parts.length, 6);
    assert.equal(backup?.parts[0]?.restoredAt, new Date(nowMs - 30_000).toISOString());
  });

  it('are unknown where a node does not answer, which is named with its reason', async () => {
    const listed = await list({ n1: whole.n1 });
    assert.ok(listed.ok);
    assert.deepEqual(listed.value.nodes[1], { node: 'n2', failure: 'no answer' });
    assert.equal(listed.value.backups[0]?.state, 'unknown');
  });

  it('come with the schedule: next, last, and what was missed', async () => {
    const atMs = nowMs - 86_400_000;
    const missed = [{ atMs, why: 'held by run upgrade-1' }];
    const listed = await list(whole, {
      ...{ cron: '30 0 * * *', timezone: 'Asia/Kolkata', doneUntilMs: atMs, missed },
      last: { atMs, run: 'backup-1' },
    });
    assert.ok(listed.ok);
    assert.deepEqual(listed.value.schedule, {
      ...{ cron: '30 0 * * *', timezone: 'Asia/Kolkata', nextAt: '2026-01-10T19:00:00.000Z' },
      last: { at: '2026-01-09T01:00:00.000Z', run: 'backup-1' },
      missed: [{ at: '2026-01-09T01:00:00.000Z', why: 'held by run upgrade-1' }],
    });
  });

  it('are none of a cluster whose file asks for none', async () => {
    const listed = await list(whole, undefined, labCluster());
    assert.ok(!listed.ok);
    assert.match(listed.failure.message, /takes no backups/);
    assert.deepEqual(await readBackups(fleetOf({}).fleet, labCluster()), ok([]));
  });

  it('are all known before a plan is made, or it is not made', async () => {
    const { fleet, asked } = fleetOf(whole);
    const read = await readBackups(fleet, cluster);
    assert.ok(read.ok);
    assert.equal(read.value.length, 6);
    assert.deepEqual(asked[0], { kind: 'readBackups', directory: '/var/backups/baton' });
    const unread = await readBackups(fleetOf({ n1: whole.n1 }).fleet, cluster);
    assert.ok(!unread.ok);
    assert.equal(unread.failure.code, 'unreachable');
    assert.match(unread.failure.message, /^n2: its backups: no answer/);
  });
});
