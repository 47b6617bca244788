import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLeaseWatch, renewSuspension } from '../../../agent/failover/lease.ts';
import { type Ledger, ledgerOf } from '../../../agent/ledger/ledger.ts';
import { ledgerPath, openLedgerFile } from '../../../agent/ledger/ledger-file.ts';
import { clearSuspension, readSuspension, writeSuspension } from '../../../agent/ledger/suspension.ts';
import type { UnitState } from '../../../agent/platform/unit-states.ts';
import type { Clock } from '../../../shared/clock.ts';
import { createLog } from '../../../shared/log.ts';

const minute = 60_000;
const hour = 60 * minute;

describe('The watch over the lease of suspended failover', () => {
  let folder: string;
  let ledger: Ledger;
  let wallMs: number;
  let monotonicMs: number;
  let alarms: string[];
  let state: UnitState;
  let hookWorks: boolean;
  let look: () => Promise<void>;
  const clock: Clock = {
    nowMs: () => wallMs,
    monotonicMs: () => monotonicMs,
    sleep: async () => {},
  };
  const pass = (ms: number) => {
    wallMs += ms;
    monotonicMs += ms;
  };
  /** Looks once a second, as the agent does. */
  const lookFor = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 1000) {
      pass(1000);
      await look();
    }
  };
  const startAgent = () => {
    const log = createLog('test');
    log.silent = true;
    look = createLeaseWatch({
      ...{ ledger, clock, log, observe: async () => [state] },
      async raise(message) {
        alarms.push(message);
        return hookWorks;
      },
    });
  };
  const renew = (run: string, leaseMs: number, observer = async () => [state], epoch = 1) => {
    const log = createLog('test');
    log.silent = true;
    return renewSuspension(run, leaseMs, epoch, { ledger, clock, log, observer });
  };
  const restart = () => {
    monotonicMs = 5;
    startAgent();
  };
  const fillDisk = () =>
    ledger.file
      .sql("CREATE TRIGGER full BEFORE UPDATE ON suspension BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END")
      .run();

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'baton-lease-'));
    ledger = ledgerOf(openLedgerFile(ledgerPath(folder)));
    wallMs = Date.parse('2026-05-02T01:00:00Z');
    monotonicMs = 1000;
    alarms = [];
    hookWorks = true;
    state = {
      ...{ unit: 'ha', loadState: 'masked', activeState: 'inactive', subState: 'dead', unitFileState: 'masked' },
      ...{ user: '', mainPid: 0, result: 'success', sinceMs: 0 },
    };
    const units = [{ unit: 'ha', unitFileState: 'enabled' }];
    const times = { suspendedAtMs: wallMs, deadlineMs: wallMs + 2 * hour, alarmedAtMs: 0, seenAtMs: wallMs };
    writeSuspension(ledger.file, { run: 'r1', units, ...times });
    startAgent();
  });
  afterEach(async () => {
    ledger.file.close();
    await rm(folder, { recursive: true });
  });

  it('alarms at the deadline and again every 15 minutes, also over restarts of the agent', async () => {
    await lookFor(2 * hour - 1000);
    assert.deepEqual(alarms, []);
    await lookFor(1000);
    assert.equal(alarms.length, 1);
    assert.match(alarms[0] ?? '', /suspended for 2 h 0 min by run r1.*ha is masked, inactive.*baton failover arm/);
    await lookFor(7 * minute);
    restart();
    await lookFor(8 * minute - 1000);
    assert.equal(alarms.length, 1);
    await lookFor(1000);
    assert.equal(alarms.length, 2);
    await lookFor(15 * minute);
    assert.equal(alarms.length, 3);
  });

  it('alarms just so where the ledger takes nothing', async () => {
    await lookFor(2 * hour - 1000);
    fillDisk();
    await lookFor(1000);
    assert.equal(alarms.length, 1);
    await lookFor(15 * minute - 1000);
    assert.equal(alarms.length, 1);
    await lookFor(1000);
    assert.equal(alarms.length, 2);
  });

  it('alarms again after a minute where the hook failed', async () => {
    hookWorks = false;
    await lookFor(2 * hour + 2 * minute);
    assert.equal(alarms.length, 3);
  });

  it('is silent about an observer that somebody has armed, and not about one that is only unmasked', async () => {
    state = { ...state, loadState: 'loaded', unitFileState: 'enabled', activeState: 'active' };
    await lookFor(2 * hour + minute);
    assert.deepEqual(alarms, []);
    state = { ...state, activeState: 'inactive' };
    await lookFor(1000);
    assert.match(alarms[0] ?? '', /ha is inactive \(dead\)/);
  });

  it('is silent again once the lease is renewed, until that runs out', async () => {
    await lookFor(2 * hour);
    assert.ok(await renew('r1', hour));
    await lookFor(hour - 1000);
    assert.equal(alarms.length, 1);
    await lookFor(1000);
    assert.equal(alarms.length, 2);
  });

  for (const [name, between] of [
    ['while the agent runs', () => {}],
    ['while the agent is away', restart],
    ['while the agent runs and its disk is full', fillDisk],
  ] as const)
    it(`is not prolonged by a clock that is set back ${name}`, async () => {
      await lookFor(hour);
      between();
      wallMs -= 10 * hour;
      await lookFor(hour - 2 * minute);
      assert.deepEqual(alarms, []);
      await lookFor(3 * minute);
      assert.equal(alarms.length, 1, 'at the deadline, give or take a minute');
      assert.match(alarms[0] ?? '', /suspended for (1 h 5\d|2 h)/);
      wallMs -= hour;
      await lookFor(13 * minute);
      assert.equal(alarms.length, 1);
      await lookFor(3 * minute);
      assert.equal(alarms.length, 2);
    });

  it('takes no renewal for a clock that was set back', async () => {
    await lookFor(minute);
    wallMs -= 10 * hour;
    assert.ok(await renew('r1', 2 * hour));
    await lookFor(2 * hour - minute);
    assert.deepEqual(alarms, []);
    await lookFor(minute);
    assert.equal(alarms.length, 1);
  });

  it('says until when, by the clock of now', async () => {
    await lookFor(hour);
    wallMs -= 10 * hour;
    await lookFor(minute);
    const record = readSuspension(ledger.file);
    assert.ok(Math.abs((record?.deadlineMs ?? 0) - wallMs - (hour - minute)) <= 1000, JSON.stringify(record));
  });

  it('goes on after the ledger was put back: a renewal writes the record anew while the observer is held', async () => {
    clearSuspension(ledger.file);
    await lookFor(minute);
    assert.ok(await renew('r1', hour));
    const record = readSuspension(ledger.file);
    assert.deepEqual(record?.units, [{ unit: 'ha', unitFileState: 'enabled' }]);
    assert.equal(record.run, 'r1');
    await lookFor(hour - 1000);
    assert.deepEqual(alarms, []);
    await lookFor(1000);
    assert.equal(alarms.length, 1);
  });

  describe('writes no record anew', () => {
    const armed = () => ({ ...state, loadState: 'loaded', unitFileState: 'enabled', activeState: 'active' });
    beforeEach(() => clearSuspension(ledger.file));
    afterEach(() => assert.equal(readSuspension(ledger.file), undefined));

    it('for an observer that is armed, only stopped, or not told of', async () => {
      const stopped = { ...state, loadState: 'loaded', unitFileState: 'enabled' };
      for (const states of [[armed()], [state, armed()], [stopped], []])
        assert.equal(await renew('r1', hour, async () => states), false);
    });

    it('for a run that is closed here, or a coordinator whose epoch is over', async () => {
      ledger.acceptEpoch(2);
      assert.equal(await renew('r1', hour), false);
      ledger.closeRun('r1', wallMs);
      assert.equal(await renew('r1', hour, undefined, 2), false);
    });

    it('while something runs, or where something began while it looked', async () => {
      const begin = (step: string) => {
        const key = { run: 'r1', step, phase: 'do' as const, attempt: 1 };
        const action = { kind: 'armFailover' as const, units: ['ha'] };
        ledger.begin({ key, payloadHash: 'p', action, timeoutMs: 1, epoch: 1, startedAtMs: wallMs });
        return key;
      };
      const duringLook = async () => {
        const key = begin('arm');
        ledger.finish(key, { verdict: 'succeeded', commands: [], startedAtMs: wallMs, elapsedMs: 0 });
        return [state];
      };
      assert.equal(await renew('r1', hour, duringLook), false);
      begin('again');
      assert.equal(await renew('r1', hour), false);
    });
  });
});
