// Runs that start at a time: once over restarts and takeovers, cancelled where they must not start, missed and never caught up.
import assert from 'node:assert/strict';
import type { Stored } from '../../../coordinator/bus/store.ts';
import { agreedHash, planHash } from '../../../coordinator/plans/agreed.ts';
import type { Plan } from '../../../coordinator/plans/plan.ts';
import { graceMs } from '../../../coordinator/schedule/due.ts';
import {
  createRunTimer,
  giveUp,
  type ScheduledRun,
  type ScheduledTable,
  type Tried,
} from '../../../coordinator/schedule/scheduled-runs.ts';
import { fail, ok, type Result } from '../../../shared/failures.ts';
import { labCluster } from '../checks/world.ts';
import { compile } from '../plans/compiled.ts';
import { quiet } from '../runs/process.ts';
import { samplePlan } from '../sequencer/sample-plan.ts';

const at = (text: string): number => Date.parse(text);
const due = at('2026-11-28T02:00:00Z');
const entry: ScheduledRun = {
  ...{ run: 'upgrade-1', plan: 'upgrade', cluster: 'lab', parametersJson: '{}', agreedHash: 'a', planArtefact: 'b' },
  ...{ planHash: 'h', requestId: 'request-1', operator: 'ana', change: 'CHG-1', reason: 'r', atMs: due },
  ...{ askedAtMs: at('2026-11-27T12:00:00Z'), state: 'waiting' },
};

/** What outlives a coordinator. */
class World {
  nowMs = at('2026-11-27T12:00:00Z');
  readonly rows = new Map<string, Stored<ScheduledRun>>();
  readonly begun: string[] = [];
  readonly told: string[] = [];
  tried: Tried = { is: 'started' };
  /** What happens between the start of the run and the record of it. */
  afterStart: () => void = () => undefined;

  constructor() {
    this.write(entry.run, entry, 0);
  }

  write(key: string, value: ScheduledRun, revision: number): Result<number> {
    if ((this.rows.get(key)?.revision ?? 0) !== revision) return fail('conflict', 'changed meanwhile');
    this.rows.set(key, { key, value, revision: revision + 1 });
    return ok(revision + 1);
  }

  readonly table: ScheduledTable = {
    get: async (key) => ok(this.rows.get(key)),
    create: async (key, value) => this.write(key, value, 0),
    put: async (key, value, revision = -1) => this.write(key, value, revision),
    list: async () => ok([...this.rows.values()]),
    delete: async (key) => ok(void this.rows.delete(key)),
  };

  parts() {
    return {
      table: this.table,
      audit: { record: () => undefined },
      notifier: { tell: ({ kind, text }: { kind: string; text: string }) => void this.told.push(`${kind}: ${text}`) },
      clock: { nowMs: () => this.nowMs, monotonicMs: () => this.nowMs, sleep: async () => undefined },
    };
  }

  /** A coordinator, which knows nothing of the ones before it. */
  coordinator() {
    return createRunTimer({
      ...this.parts(),
      log: quiet,
      start: async ({ requestId }) => {
        if (this.tried.is === 'started' && !this.begun.includes(requestId)) this.begun.push(requestId);
        this.afterStart();
        return this.tried;
      },
      hasStarted: async ({ requestId }) => ok(this.begun.includes(requestId)),
    });
  }

  row(): Stored<ScheduledRun> {
    const found = this.rows.get(entry.run);
    assert.ok(found);
    return found;
  }
}

describe('a run that is scheduled', () => {
  it('starts at its time, not before, and once', async () => {
    const world = new World();
    const one = world.coordinator();
    await one.look();
    world.nowMs = due - 1;
    await one.look();
    assert.deepEqual(world.begun, []);
    world.nowMs = due;
    await one.look();
    await one.look();
    assert.deepEqual(world.begun, ['request-1']);
    assert.equal(world.row().value.state, 'started');
  });

  it('starts once where the coordinator dies between the start and the record of it', async () => {
    const world = new World();
    world.nowMs = due;
    world.afterStart = () => {
      throw new Error('killed');
    };
    await assert.rejects(world.coordinator().look());
    assert.equal(world.row().value.state, 'starting');
    world.afterStart = () => undefined;
    world.nowMs = due + graceMs * 10;
    await world.coordinator().look();
    assert.deepEqual(world.begun, ['request-1']);
    assert.equal(world.row().value.state, 'started', 'it was said to be missed although it runs');
  });

  it('is missed, not started late, where the coordinator died before its start', async () => {
    const world = new World();
    world.nowMs = due;
    world.tried = { is: 'not-yet', why: 'killed first' };
    world.afterStart = () => {
      throw new Error('killed');
    };
    await assert.rejects(world.coordinator().look());
    assert.equal(world.row().value.state, 'starting');
    world.afterStart = () => undefined;
    world.tried = { is: 'started' };
    world.nowMs = due + graceMs + 1;
    await world.coordinator().look();
    assert.deepEqual(world.begun, []);
    assert.equal(world.row().value.state, 'missed');
    assert.match(world.told.join(), /^cancelled: .*was to start it ended/s);
  });

  it('is never said to be untouched where a try that failed has started it', async () => {
    for (const failed of [
      { is: 'not-yet', why: 'no answer from the bus' } as const,
      { is: 'never', why: 'x' } as const,
    ]) {
      const world = new World();
      world.nowMs = due;
      world.tried = failed;
      world.begun.push('request-1');
      await world.coordinator().look();
      world.nowMs = due + graceMs + 1;
      await world.coordinator().look();
      assert.equal(world.row().value.state, 'started');
      assert.deepEqual(world.told, []);
    }
  });

  it('is missed, not caught up, where no coordinator was there, and that is told', async () => {
    const world = new World();
    world.nowMs = due + graceMs + 1;
    await world.coordinator().look();
    assert.deepEqual(world.begun, []);
    assert.equal(world.row().value.state, 'missed');
    assert.match(world.told.join(), /^cancelled: .*no coordinator was there to start it.*CHG-1/s);
  });

  it('is tried again while another run holds the cluster, and then missed for that reason', async () => {
    const world = new World();
    const one = world.coordinator();
    world.tried = { is: 'not-yet', why: 'backup-1 holds the cluster' };
    world.nowMs = due;
    await one.look();
    assert.equal(world.row().value.state, 'waiting', 'nobody could cancel it meanwhile');
    world.nowMs = due + graceMs + 1;
    await one.look();
    assert.equal(world.row().value.state, 'missed');
    assert.match(world.told.join(), /backup-1 holds the cluster/);
  });

  it('starts within its grace once the cluster is free', async () => {
    const world = new World();
    const one = world.coordinator();
    world.tried = { is: 'not-yet', why: 'held' };
    world.nowMs = due;
    await one.look();
    world.tried = { is: 'started' };
    world.nowMs = due + graceMs - 1;
    await one.look();
    assert.equal(world.row().value.state, 'started');
    assert.deepEqual(world.told, []);
  });

  it('is cancelled with a notice where it must not start any more', async () => {
    const world = new World();
    world.tried = { is: 'never', why: 'the plan is another one' };
    world.nowMs = due;
    await world.coordinator().look();
    assert.equal(world.row().value.state, 'cancelled');
    assert.match(world.told.join(), /Nothing was touched.*the plan is another one/s);
  });

  it('is cancelled by a person or starts, never both', async () => {
    const world = new World();
    const stale = world.row();
    world.nowMs = due;
    await world.coordinator().look();
    const late = await giveUp(world.parts(), stale, 'cancelled', 'not tonight', 'operator ana');
    assert.ok(!late.ok && late.failure.code === 'conflict');
    const other = new World();
    assert.ok((await giveUp(other.parts(), other.row(), 'cancelled', 'not tonight', 'operator ana')).ok);
    other.nowMs = due;
    await other.coordinator().look();
    assert.deepEqual(other.begun, []);
    assert.match(other.told.join(), /not tonight/);
  });

  it('is told of again by whoever leads next, once, where it has come to nothing lately', async () => {
    const world = new World();
    world.nowMs = due + graceMs + 1;
    await world.coordinator().look();
    const [first] = world.told.splice(0);
    const next = world.coordinator();
    await next.look();
    await next.look();
    assert.deepEqual(world.told.splice(0), [first]);
    world.nowMs += 2 * 3_600_000;
    await world.coordinator().look();
    assert.deepEqual(world.told, []);
  });

  it('is forgotten a while after it is over', async () => {
    const world = new World();
    world.nowMs = due;
    await world.coordinator().look();
    world.nowMs = due + 31 * 86_400_000;
    await world.coordinator().look();
    assert.equal(world.rows.size, 0);
  });
});

describe('what is agreed to of a plan', () => {
  const { plan } = compile(
    'upgrade',
    labCluster((text) => `${text}backup: {}\n`),
  );
  it('is the same when a prediction or a backup of the night is another', () => {
    const items = plan.items.map((item) => (item.kind === 'step' ? { ...item, predictedMs: 7 } : item));
    const kept = items.filter(({ id }) => !id.endsWith('.prune'));
    assert.notEqual(kept.length, items.length);
    assert.equal(
      agreedHash({ ...plan, items: kept, predicted: { ...plan.predicted, durationMs: 1 } }),
      agreedHash(plan),
    );
  });
  it('makes no other plan of it where the window needs more time than when it was shown', () => {
    const window = "window: { days: [sat], from: '01:00', to: '05:00', timezone: UTC }\n";
    const compiled = compile(
      'upgrade',
      labCluster((text) => `${text}${window}`),
    );
    const items = compiled.plan.items.map((item) =>
      item.kind !== 'gate'
        ? item
        : {
            ...item,
            checks: item.checks.map((ref) => (ref.check === 'window-open' ? { ...ref, params: { neededMs: 7 } } : ref)),
          },
    );
    assert.notDeepEqual(items, compiled.plan.items);
    assert.equal(planHash({ ...compiled.plan, items }), compiled.hash);
  });
  it('is another when a step, the cluster or a parameter is', () => {
    const others: Plan[] = [
      { ...plan, items: plan.items.toSpliced(plan.items.length - 1) },
      { ...plan, cluster: samplePlan.cluster },
      { ...plan, parameters: { ...plan.parameters, toVersion: '9.9.9' } },
    ];
    for (const other of others) assert.notEqual(agreedHash(other), agreedHash(plan));
  });
});
