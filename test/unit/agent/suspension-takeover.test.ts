// The record of a suspension passes to the run that goes back: what the run before says or leaves behind changes nothing.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ActionContext } from '../../../agent/actions/context.ts';
import { armFailover, suspendFailover } from '../../../agent/actions/failover.ts';
import { isAlarmDue, renewSuspension } from '../../../agent/failover/lease.ts';
import { type Ledger, ledgerOf } from '../../../agent/ledger/ledger.ts';
import { ledgerPath, openLedgerFile } from '../../../agent/ledger/ledger-file.ts';
import { readSuspension, writeSuspension } from '../../../agent/ledger/suspension.ts';
import type { RunProgram } from '../../../agent/platform/run-program.ts';
import { parseUnitStates } from '../../../agent/platform/unit-states.ts';
import { systemClock } from '../../../shared/clock.ts';
import { createLog } from '../../../shared/log.ts';

const [before, back] = ['upgrade-1', 'rollback-1'];
const leaseMs = 3_600_000;

describe('A suspension that another run takes over', () => {
  let folder: string;
  let ledger: Ledger;
  let isActive: boolean;
  let isMasked: boolean;

  const show = () =>
    [
      `LoadState=${isMasked ? 'masked' : 'loaded'}`,
      `ActiveState=${isActive ? 'active' : 'inactive'}`,
      `UnitFileState=${isMasked ? 'masked' : 'disabled'}`,
    ].join('\n');
  const systemctl: RunProgram = async ([program = '', verb = '']) => {
    if (verb === 'mask' || verb === 'unmask') isMasked = verb === 'mask';
    if (verb === 'stop' || (verb === 'start' && !isMasked)) isActive = verb === 'start';
    return {
      ...{ program, exitCode: 0, signal: undefined, timedOut: false, cancelled: false, startError: undefined },
      ...{ stdout: verb === 'show' ? show() : '', stderr: '', elapsedMs: 1 },
    };
  };
  const context = (run: string) =>
    ({
      ...{ key: { run, step: 'suspend', phase: 'do', attempt: 1 }, timeoutMs: 5000, startedAtMs: 0, commands: [] },
      ...{ clock: systemClock, deadlineMs: systemClock.monotonicMs() + 5000, signal: new AbortController().signal },
      ...{ ledger: ledger.file, profile: { localUnits: [] }, runProgram: systemctl },
    }) as unknown as ActionContext;
  const renew = (run: string) => {
    const log = createLog('test');
    log.silent = true;
    const observer = async () => parseUnitStates(['ha'], show(), { ms: 0, monotonicUs: 0 });
    return renewSuspension(run, leaseMs, 1, { ledger, clock: systemClock, log, observer });
  };

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'baton-takeover-'));
    ledger = ledgerOf(openLedgerFile(ledgerPath(folder)));
    isActive = false;
    isMasked = true;
    // Of a run that has stood for longer than its lease, and has alarmed.
    const units = [{ unit: 'ha', unitFileState: 'enabled' }];
    writeSuspension(ledger.file, { run: before, units, suspendedAtMs: 1, deadlineMs: 2, alarmedAtMs: 3 });
  });
  afterEach(async () => {
    ledger.file.close();
    await rm(folder, { recursive: true });
  });
  const takeOver = async () => {
    const suspended = await suspendFailover({ kind: 'suspendFailover', units: ['ha'], leaseMs }, context(back));
    assert.ok(suspended.ok, JSON.stringify(suspended));
  };

  it('keeps since when and how the observer was enabled, and has the lease of the run that took it over', async () => {
    await takeOver();
    const record = readSuspension(ledger.file);
    assert.equal(record?.run, back);
    assert.deepEqual(record.units, [{ unit: 'ha', unitFileState: 'enabled' }]);
    assert.equal(record.suspendedAtMs, 1);
    assert.equal(isAlarmDue(record, systemClock.nowMs()), false);
    assert.equal(isAlarmDue(record, systemClock.nowMs() + leaseMs), true);
  });

  it('is neither renewed nor ended by the run before, also once that is closed, and renewed by its own', async () => {
    await takeOver();
    const record = readSuspension(ledger.file);
    assert.equal(await renew(before), false);
    assert.deepEqual(readSuspension(ledger.file), record);
    ledger.closeRun(before, systemClock.nowMs());
    assert.equal(await renew(before), false);
    assert.deepEqual(readSuspension(ledger.file), record);
    assert.equal(await renew(back), true);
    assert.equal(readSuspension(ledger.file)?.run, back);
  });

  it('is not brought back by a late renewal of the run before, once its own run has armed failover', async () => {
    await takeOver();
    ledger.closeRun(before, systemClock.nowMs());
    const armed = await armFailover({ kind: 'armFailover', units: ['ha'] }, context(back));
    assert.ok(armed.ok, JSON.stringify(armed));
    assert.equal(readSuspension(ledger.file), undefined);
    assert.deepEqual([isActive, isMasked], [true, false]);
    isActive = false;
    isMasked = true;
    assert.equal(await renew(before), false);
    assert.equal(readSuspension(ledger.file), undefined);
  });
});
