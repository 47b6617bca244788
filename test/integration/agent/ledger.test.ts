import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import fc from 'fast-check';
import { ledgerOf } from '../../../agent/ledger/ledger.ts';
import { ledgerPath, openLedgerFile } from '../../../agent/ledger/ledger-file.ts';
import { clearSuspension, readSuspension, writeSuspension } from '../../../agent/ledger/suspension.ts';
import { lockState } from '../../../agent/platform/state-lock.ts';
import type { Key } from '../../../shared/key.ts';
import type { Outcome } from '../../../shared/outcome.ts';

const agentFolder = resolve(import.meta.dirname, '../../../agent');
const key = (step: string): Key => ({ run: 'r1', step, phase: 'do', attempt: 1 });
const outcome: Outcome = { verdict: 'succeeded', commands: ['true'], startedAtMs: 1, elapsedMs: 2 };
const begin = (step: string) => ({
  ...{ key: key(step), payloadHash: 'p', timeoutMs: 1000, epoch: 3, startedAtMs: 1 },
  action: { kind: 'stopUnits' as const, units: ['nginx'] },
});

describe('The ledger', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'baton-ledger-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));
  const open = () => ledgerOf(openLedgerFile(ledgerPath(folder)));

  /** Runs lines against the ledger in a process that is killed right after them. */
  const killedAfter = async (lines: string) => {
    const script = join(folder, 'script.mts');
    await writeFile(
      script,
      `import { ledgerOf } from '${agentFolder}/ledger/ledger.ts';
       import { openLedgerFile, ledgerPath } from '${agentFolder}/ledger/ledger-file.ts';
       const ledger = ledgerOf(openLedgerFile(ledgerPath(${JSON.stringify(folder)})));
       const key = ${JSON.stringify(key('a'))};
       const outcome = ${JSON.stringify(outcome)};
       ${lines}
       process.kill(process.pid, 'SIGKILL');`,
    );
    const ran = spawnSync(process.execPath, [script], { encoding: 'utf8' });
    assert.equal(ran.signal, 'SIGKILL', ran.stderr);
  };
  const beginLine = `ledger.begin({ key, payloadHash: 'p', action: { kind: 'readNode' }, timeoutMs: 1, epoch: 1, startedAtMs: 1 });`;

  it('killed between start and outcome: the attempt is there, without outcome', async () => {
    await killedAfter(beginLine);
    assert.deepEqual(
      open()
        .unfinished()
        .map((attempt) => attempt.key),
      [key('a')],
    );
  });

  it('killed right after the outcome: it waits in the outbox', async () => {
    await killedAfter(`${beginLine} ledger.finish(key, outcome);`);
    assert.deepEqual(
      open()
        .outbox()
        .map((attempt) => attempt.outcome),
      [outcome],
    );
  });

  it('killed in the middle of a change: nothing of it is there', async () => {
    await killedAfter(
      `${beginLine} try { ledger.file.change(() => { ledger.file.setFact('half', 1); process.kill(process.pid, 'SIGKILL'); }); } catch {}`,
    );
    const ledger = open();
    assert.equal(ledger.file.fact('half'), undefined);
    assert.equal(ledger.file.counter(), 1);
  });

  it('takes the first outcome of a key and no second one', () => {
    const ledger = open();
    ledger.begin(begin('a'));
    const first = ledger.finish(key('a'), outcome);
    const second = ledger.finish(key('a'), { ...outcome, verdict: 'failed' });
    assert.deepEqual(second, first);
  });

  it('does not begin a key twice', () => {
    const ledger = open();
    ledger.begin(begin('a'));
    assert.throws(() => ledger.begin(begin('a')), /UNIQUE/);
  });

  it('keeps a tombstone beside an outcome, and one for a key that never was', () => {
    const ledger = open();
    ledger.begin(begin('a'));
    ledger.settle(key('a'), 3, 5);
    ledger.finish(key('a'), outcome);
    ledger.settle(key('b'), 3, 5);
    assert.equal(ledger.attempt(key('a'))?.isSettled, true);
    assert.equal(ledger.attempt(key('b'))?.isSettled, true);
    assert.deepEqual(ledger.unfinished(), []);
    assert.equal(ledger.outbox().length, 1);
  });

  it('begins an attempt together with the head of its command, in one change, and never with an older one', () => {
    const ledger = open();
    const before = ledger.file.counter();
    ledger.begin({ ...begin('a'), head: { sequence: 4, hash: 'h' } });
    assert.equal(ledger.file.counter(), before + 1);
    assert.deepEqual(ledger.headOf('r1'), { sequence: 4, hash: 'h' });
    ledger.begin({ ...begin('b'), head: { sequence: 3, hash: 'older' } });
    assert.deepEqual(ledger.headOf('r1'), { sequence: 4, hash: 'h' });
    assert.equal(ledger.unfinished().length, 2);
  });

  it('forgets a closed run but for what still runs, and stays closed', () => {
    const ledger = open();
    ledger.noteHead('r1', { sequence: 4, hash: 'h' });
    ledger.begin(begin('done'));
    ledger.finish(key('done'), outcome);
    ledger.begin(begin('running'));
    ledger.closeRun('r1', 9);
    assert.equal(ledger.attempt(key('done')), undefined);
    assert.equal(ledger.unfinished().length, 1);
    ledger.finish(key('running'), outcome);
    assert.deepEqual(ledger.outbox(), []);
    assert.ok(ledger.isClosed('r1'));
    assert.deepEqual(ledger.openHeads(), []);
    assert.deepEqual(ledger.closedHeads(), [{ run: 'r1', head: { sequence: 4, hash: 'h' } }]);
  });

  it('has a generation of its own, and epoch and counter that only grow', () => {
    const ledger = open();
    const generation = ledger.file.generation();
    fc.assert(
      fc.property(fc.array(fc.nat(50), { maxLength: 15 }), (epochs) => {
        for (const epoch of epochs) {
          const before = { epoch: ledger.highestEpoch(), counter: ledger.file.counter() };
          assert.equal(ledger.acceptEpoch(epoch), epoch >= before.epoch);
          assert.equal(ledger.highestEpoch(), Math.max(before.epoch, epoch));
          assert.ok(ledger.file.counter() >= before.counter);
        }
      }),
      { numRuns: 20 },
    );
    ledger.file.close();
    assert.equal(open().file.generation(), generation);
  });

  describe('when the node joins', () => {
    const another = { run: 'r2', step: 's', phase: 'do', attempt: 1 } as const;
    const used = () => {
      const ledger = open();
      ledger.join('A', undefined, 1);
      ledger.acceptEpoch(57);
      ledger.noteHead('r1', { sequence: 4, hash: 'h' });
      ledger.begin(begin('a'));
      ledger.settle(another, 57, 2);
      return ledger;
    };

    it('another authority: has another name, no epoch, no open run and nothing to tell, all at once', () => {
      const ledger = used();
      const generation = ledger.file.generation();
      const counter = ledger.file.counter();
      ledger.join('B', 'A', 9);
      assert.notEqual(ledger.file.generation(), generation);
      assert.equal(ledger.file.counter(), counter + 1, 'one change');
      assert.equal(ledger.highestEpoch(), 0);
      assert.ok(ledger.acceptEpoch(1));
      assert.deepEqual(ledger.openHeads(), []);
      assert.ok(ledger.isClosed('r1') && ledger.isClosed('r2'), 'nothing of them is begun again');
      assert.deepEqual(ledger.unfinished().length, 1, 'what runs is seen to its end');
      ledger.finish(key('a'), outcome);
      assert.deepEqual(ledger.outbox(), []);
    });

    it('another authority than its identity says, which the ledger did not yet know', () => {
      const ledger = open();
      ledger.acceptEpoch(57);
      ledger.join('B', 'A', 9);
      assert.equal(ledger.highestEpoch(), 0);
    });

    it('another authority than it had joined, whatever became of its identity', () => {
      const ledger = used();
      ledger.join('B', undefined, 9);
      assert.equal(ledger.highestEpoch(), 0);
    });

    it('the same authority: has another name, and the rest stays', () => {
      const ledger = used();
      const generation = ledger.file.generation();
      ledger.join('A', 'A', 9);
      assert.notEqual(ledger.file.generation(), generation);
      assert.equal(ledger.highestEpoch(), 57);
      assert.deepEqual(
        ledger.openHeads().map(({ run }) => run),
        ['r1'],
      );
    });
  });

  it('keeps the suspension until it is cleared', () => {
    const ledger = open();
    const record = {
      run: 'r',
      units: [{ unit: 'ha', unitFileState: 'enabled' }],
      suspendedAtMs: 1,
      deadlineMs: 2,
      alarmedAtMs: 0,
    };
    writeSuspension(ledger.file, record);
    ledger.file.close();
    const again = open();
    assert.deepEqual(readSuspension(again.file), record);
    clearSuspension(again.file);
    assert.equal(readSuspension(again.file), undefined);
  });

  it('belongs to one agent at a time', () => {
    const unlock = lockState(folder);
    assert.throws(() => lockState(folder), /another agent runs/);
    unlock();
    lockState(folder)();
  });
});
