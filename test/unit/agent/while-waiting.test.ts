// An agent that waits for room has no ledger to work with; a suspension that lasts too long is told all the same.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createWaitingWatch } from '../../../agent/failover/while-waiting.ts';
import {
  type LedgerFile,
  ledgerPath,
  openLedgerAsLeft,
  openLedgerFile,
  openLedgerForReading,
} from '../../../agent/ledger/ledger-file.ts';
import { readSuspension, writeSuspension } from '../../../agent/ledger/suspension.ts';
import type { UnitState } from '../../../agent/platform/unit-states.ts';
import { createLog } from '../../../shared/log.ts';

const minute = 60_000;
const held: UnitState = {
  ...{ unit: 'ha.service', loadState: 'masked', activeState: 'inactive', subState: 'dead', unitFileState: 'masked' },
  ...{ user: '', mainPid: 0, result: 'success', sinceMs: 1 },
};
const record = {
  ...{ run: 'upgrade-1', units: [{ unit: 'ha.service', unitFileState: 'enabled' }], suspendedAtMs: minute },
  ...{ deadlineMs: 10 * minute, alarmedAtMs: 0 },
};

describe('While the agent waits for room', () => {
  let folder: string;
  let state: UnitState;
  let alarms: string[];
  let passedMs: number;
  let look: () => Promise<void>;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'baton-waiting-'));
    state = held;
    alarms = [];
    passedMs = 0;
    watch(() => openLedgerAsLeft(ledgerPath(folder)));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const watch = (openLastLedger: () => LedgerFile | undefined) => {
    const log = createLog('test');
    log.silent = true;
    look = createWaitingWatch({
      clock: { nowMs: () => minute + passedMs, monotonicMs: () => passedMs, sleep: async () => {} },
      ...{ log, openLastLedger, observerUnits: async () => [held.unit], observe: async () => [state] },
      raise: async (message) => alarms.push(message) > 0,
    });
  };
  const lookFor = async (minutes: number) => {
    for (let passed = 0; passed < minutes; passed += 1) {
      passedMs += minute;
      await look();
    }
  };
  const leave = (change: (file: LedgerFile) => void) => {
    const file = openLedgerFile(ledgerPath(folder));
    change(file);
    file.close();
  };

  it('the lease that the ledger knows runs out, and the alarm comes at its deadline and every 15 minutes', async () => {
    leave((file) => writeSuspension(file, record));
    await lookFor(8);
    assert.deepEqual(alarms, []);
    await lookFor(32);
    assert.equal(alarms.length, 3);
    assert.match(alarms[0] ?? '', /suspended .* by run upgrade-1/);
    const file = openLedgerForReading(ledgerPath(folder));
    assert.equal(file && readSuspension(file)?.alarmedAtMs, 0, 'nothing is written');
    file?.close();
  });

  it('a ledger that cannot be read leaves the units to tell: masked and stopped alarms at once, then every 15 minutes', async () => {
    await writeFile(ledgerPath(folder), 'no ledger');
    await lookFor(16);
    assert.equal(alarms.length, 2);
    assert.match(alarms[0] ?? '', /ha\.service.*this node cannot say.*cannot read its ledger/);
    state = { ...held, loadState: 'loaded', activeState: 'active', unitFileState: 'enabled' };
    await lookFor(60);
    assert.equal(alarms.length, 2);
  });

  it('nothing is said where nothing is suspended, or no ledger was ever there', async () => {
    await lookFor(20);
    leave(() => undefined);
    await lookFor(20);
    assert.deepEqual(alarms, []);
  });

  it('a ledger is read without room for the files beside it, and not where its newest changes lie in one of them', () => {
    leave((file) => writeSuspension(file, record));
    const file = openLedgerAsLeft(ledgerPath(folder));
    assert.deepEqual(file && readSuspension(file), record);
    assert.throws(() => file?.setFact('x', 1), /readonly/);
    file?.close();
    const open = openLedgerFile(ledgerPath(folder));
    writeSuspension(open, { ...record, run: 'newer' });
    const beside = openLedgerAsLeft(ledgerPath(folder));
    assert.equal(beside && readSuspension(beside)?.run, 'newer');
    beside?.close();
    open.close();
  });
});
