import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { ReadAction } from '../../../coordinator/checks/check.ts';
import { rowsEqual } from '../../../coordinator/checks/rows-equal.ts';
import { context, drive, labCluster } from './world.ts';

const table = 'apolo.request';
const oneTable = {
  ...context,
  cluster: labCluster((text) => text.replace('[apolo.request, apolo.task]', `[${table}]`)),
};

type Write = { kind: 'insert' } | { kind: 'delete' | 'update'; which: number };

/** A primary that writes, a standby that replays later; each row is known by the transaction that wrote it. */
class Replication {
  private readonly log: { added?: number; removed?: number }[] = [];
  private readonly primary: Set<number>;
  private readonly standby: Set<number>;
  private transaction: number;
  private replayed = 0;

  constructor(rows: number, lost: ReadonlySet<number>) {
    const numbers = Array.from({ length: rows }, (_, index) => index + 1);
    this.primary = new Set(numbers);
    this.standby = new Set(numbers.filter((number) => !lost.has(number)));
    this.transaction = rows;
  }

  write(write: Write): void {
    const alive = [...this.primary];
    const removed = write.kind === 'insert' ? undefined : alive[write.which % Math.max(1, alive.length)];
    const addsRow = write.kind === 'insert' || (write.kind === 'update' && removed !== undefined);
    if (addsRow) this.transaction += 1;
    const added = addsRow ? this.transaction : undefined;
    if (removed !== undefined) this.primary.delete(removed);
    if (added !== undefined) this.primary.add(added);
    this.log.push({ ...(added !== undefined && { added }), ...(removed !== undefined && { removed }) });
  }

  replay(records: number): void {
    for (const { added, removed } of this.log.slice(this.replayed, this.replayed + records)) {
      if (removed !== undefined) this.standby.delete(removed);
      if (added !== undefined) this.standby.add(added);
    }
    this.replayed = Math.min(this.log.length, this.replayed + records);
  }

  count(node: string, action: Extract<ReadAction, { kind: 'countRows' }>) {
    const isStandby = node === 'n2';
    if (isStandby) this.replay(Math.max(0, Number(action.fromLsn?.split('/')[1] ?? 0) - this.replayed));
    const snapshot = action.snapshot ?? `${this.transaction + 1}:${this.transaction + 1}:`;
    const writtenBefore = Number(snapshot.split(':')[0]);
    const rows = [...(isStandby ? this.standby : this.primary)].filter((number) => number < writtenBefore).length;
    const lsn = `0/${isStandby ? this.replayed : this.log.length}`;
    return { kind: 'countRows' as const, snapshot, lsn, inRecovery: isStandby, tables: [{ table, rows }] };
  }
}

const write: fc.Arbitrary<Write> = fc.oneof(
  fc.constant({ kind: 'insert' as const }),
  fc.record({ kind: fc.constantFrom('delete' as const, 'update' as const), which: fc.nat() }),
);
/** What happens before each reading: writes on the primary, and some replay on the standby. */
const bustle = fc.array(fc.record({ writes: fc.array(write, { maxLength: 4 }), replayed: fc.nat(6) }), {
  maxLength: 20,
});

function look(replication: Replication, happenings: { writes: Write[]; replayed: number }[]) {
  let readings = 0;
  const [result] = drive([rowsEqual.ref({})], oneTable, (node, action) => {
    if (action.kind !== 'countRows') throw new Error(`${action.kind} was not expected`);
    const { writes, replayed } = happenings[readings] ?? { writes: [], replayed: 0 };
    readings += 1;
    for (const one of writes) replication.write(one);
    replication.replay(replayed);
    return { ok: true, answer: replication.count(node, action), commands: [] };
  });
  return { verdict: result?.verdict, readings };
}

describe('row counts at one position', () => {
  it('never fail while the standby only lags, whatever is written meanwhile', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 30 }), bustle, (rows, happenings) => {
        const { verdict } = look(new Replication(rows, new Set()), happenings);
        assert.notEqual(verdict, 'fail');
      }),
      { numRuns: 1000 },
    );
  });

  it('never pass while rows that nobody touches are missing on the standby', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 5 }), bustle, (rows, lost, happenings) => {
        // The lost rows are the oldest ones; deletions reach only those that come after them.
        const lostRows = Math.min(lost, rows);
        const missing = new Set(Array.from({ length: lostRows }, (_, index) => index + 1));
        const spared = happenings.map(({ writes, replayed }) => ({
          writes: writes.filter(({ kind }) => kind === 'insert'),
          replayed,
        }));
        assert.equal(look(new Replication(rows, missing), spared).verdict, 'fail');
        // Where rows are deleted too, a lost row may be among them: then it is no longer missing, or it cannot be told.
        const replication = new Replication(rows + 100, missing);
        const { verdict } = look(
          replication,
          happenings.map(({ writes, replayed }) => ({ writes: writes.map(sparing(lostRows)), replayed })),
        );
        assert.notEqual(verdict, 'pass');
      }),
      { numRuns: 1000 },
    );
  });

  it('pass in one bracket while only new rows are written', () => {
    const happenings = Array.from({ length: 20 }, () => ({
      writes: [{ kind: 'insert' as const }, { kind: 'insert' as const }],
      replayed: 0,
    }));
    assert.deepEqual(look(new Replication(10, new Set()), happenings), { verdict: 'pass', readings: 3 });
  });

  it('are unknown after five brackets in which rows vanish all the time', () => {
    const happenings = Array.from({ length: 20 }, () => ({
      writes: [{ kind: 'delete' as const, which: 0 }],
      replayed: 0,
    }));
    assert.deepEqual(look(new Replication(100, new Set()), happenings), { verdict: 'unknown', readings: 15 });
  });

  it('pass as soon as the deletions stop', () => {
    const happenings = Array.from({ length: 5 }, () => ({
      writes: [{ kind: 'delete' as const, which: 3 }],
      replayed: 0,
    }));
    assert.deepEqual(look(new Replication(100, new Set()), happenings), { verdict: 'pass', readings: 9 });
  });
});

/** Deletions that leave the first rows alone: `which` counts among the rows that are alive, the lost ones come first. */
const sparing =
  (first: number) =>
  (one: Write): Write =>
    one.kind === 'insert' ? one : { ...one, which: first + (one.which % 8) };
