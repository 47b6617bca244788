import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ActionContext } from '../../../agent/actions/context.ts';
import { armFailover } from '../../../agent/actions/failover.ts';
import { keepSuspended } from '../../../agent/failover/keep-suspended.ts';
import { ledgerOf } from '../../../agent/ledger/ledger.ts';
import { type LedgerFile, ledgerPath, openLedgerFile } from '../../../agent/ledger/ledger-file.ts';
import { readSuspension, writeSuspension } from '../../../agent/ledger/suspension.ts';
import type { Ran, RunProgram } from '../../../agent/platform/run-program.ts';
import { parseUnitStates } from '../../../agent/platform/unit-states.ts';
import { systemClock } from '../../../shared/clock.ts';
import { createLog } from '../../../shared/log.ts';

describe('Arming failover', () => {
  const units = ['a', 'b'];
  let folder: string;
  let ledger: LedgerFile;
  let observer: Map<string, { active: boolean; masked: boolean }>;
  /** Commands that fail, and whether they end by the attempt being settled. */
  let broken: string[];
  let settled: AbortController;

  /** As much of systemctl as arming needs. */
  const systemctl: RunProgram = async ([program = '', verb = '', ...rest], { signal }) => {
    assert.equal(program, 'systemctl');
    const isBroken = broken.includes([verb, ...rest].join(' '));
    const state = observer.get(rest.at(-1) ?? '');
    if (!isBroken && !signal?.aborted && state !== undefined) {
      if (verb === 'mask' || verb === 'unmask') state.masked = verb === 'mask';
      if (verb === 'stop' || (verb === 'start' && !state.masked)) state.active = verb === 'start';
    }
    const blocks = units.map((unit) => {
      const { active, masked } = observer.get(unit) ?? { active: false, masked: false };
      return [
        `LoadState=${masked ? 'masked' : 'loaded'}`,
        `ActiveState=${active ? 'active' : 'inactive'}`,
        `UnitFileState=${masked ? 'masked' : 'enabled'}`,
      ].join('\n');
    });
    const ran: Ran = {
      ...{ program, exitCode: isBroken ? 1 : 0, signal: undefined, timedOut: false, cancelled: false },
      ...{ startError: undefined, stdout: verb === 'show' ? blocks.join('\n\n') : '', stderr: '', elapsedMs: 1 },
    };
    return signal?.aborted ? { ...ran, exitCode: undefined, cancelled: true } : ran;
  };
  const arm = (runProgram = systemctl) =>
    armFailover({ kind: 'armFailover', units }, {
      ...{ key: { run: 'r1', step: 'arm', phase: 'do', attempt: 1 }, timeoutMs: 5000, startedAtMs: 0 },
      ...{ clock: systemClock, deadlineMs: systemClock.monotonicMs() + 5000, signal: settled.signal, commands: [] },
      ...{ ledger, profile: { localUnits: [] }, runProgram },
    } as unknown as ActionContext);
  const assertSuspended = () => {
    for (const unit of units) assert.deepEqual(observer.get(unit), { active: false, masked: true }, unit);
    assert.equal(readSuspension(ledger)?.run, 'r1');
  };

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'baton-failover-'));
    ledger = openLedgerFile(ledgerPath(folder));
    observer = new Map(units.map((unit) => [unit, { active: false, masked: true }]));
    broken = [];
    settled = new AbortController();
    writeSuspension(ledger, {
      run: 'r1',
      units: units.map((unit) => ({ unit, unitFileState: 'enabled' })),
      ...{ suspendedAtMs: 1, deadlineMs: 2, alarmedAtMs: 0 },
    });
  });
  afterEach(async () => {
    ledger.close();
    await rm(folder, { recursive: true });
  });

  it('starts what was suspended and clears the record', async () => {
    const armed = await arm();
    assert.ok(armed.ok, JSON.stringify(armed));
    for (const unit of units) assert.deepEqual(observer.get(unit), { active: true, masked: false });
    assert.equal(readSuspension(ledger), undefined);
  });
  for (const command of ['unmask b', 'start b'])
    it(`leaves everything stopped and masked where \`${command}\` fails`, async () => {
      broken = [command];
      const armed = await arm();
      assert.ok(!armed.ok);
      assert.equal(armed.failure.code, 'command-failed');
      assert.match(armed.failure.message, /ended with 1.*; a, b is stopped and masked again$/);
      assertSuspended();
    });
  it('leaves everything stopped and masked where a unit does not stay active', async () => {
    const armed = await arm(async (argv, options) => {
      if (argv[1] === 'show' && observer.get('b')?.active) observer.set('a', { active: false, masked: false });
      return await systemctl(argv, options);
    });
    assert.equal(!armed.ok && armed.failure.code, 'not-in-state');
    assertSuspended();
  });
  it('leaves everything stopped and masked where it is settled meanwhile', async () => {
    const armed = await arm(async (argv, options) => {
      if (argv[1] === 'start') settled.abort();
      return await systemctl(argv, options);
    });
    assert.equal(!armed.ok && armed.failure.code, 'command-killed');
    assertSuspended();
  });
  it('leaves everything stopped and masked where the record cannot be cleared', async () => {
    ledger.sql("CREATE TRIGGER full BEFORE DELETE ON suspension BEGIN SELECT RAISE(ABORT, 'disk is full'); END").run();
    const armed = await arm();
    assert.match(JSON.stringify(armed), /lost.*disk is full/);
    assertSuspended();
  });
  it('says what is loose where it cannot be masked again', async () => {
    broken = ['start b', 'mask a'];
    const armed = await arm();
    assert.match(!armed.ok ? armed.failure.message : '', /could not be stopped and masked again \(a is /);
  });
  it('leaves alone what nobody has suspended', async () => {
    ledger.sql('DELETE FROM suspension').run();
    broken = ['start b'];
    assert.ok(!(await arm()).ok);
    assert.deepEqual(observer.get('a'), { active: true, masked: false });
  });

  describe('in the middle of which the agent was killed', () => {
    const begun = () =>
      ledgerOf(ledger).begin({
        ...{ key: { run: 'r1', step: 'arm', phase: 'do', attempt: 1 } as const, payloadHash: 'x', epoch: 1 },
        ...{ action: { kind: 'armFailover', units }, timeoutMs: 5000, startedAtMs: 0 },
      });
    /** As the next agent does. */
    const startAgent = async (runProgram = systemctl) => {
      const log = createLog('test');
      log.silent = true;
      await keepSuspended({
        ...{ ledger: ledgerOf(ledger), clock: systemClock, log, policyFile: '/x', stateDirectory: folder },
        runProgram,
        observe: async (wanted) =>
          parseUnitStates(wanted, (await systemctl(['systemctl', 'show', ...wanted], { timeoutMs: 1 })).stdout, {
            ...{ ms: 1, monotonicUs: 1 },
          }),
      });
    };
    const all = (state: { active: boolean; masked: boolean }) => {
      observer = new Map(units.map((unit) => [unit, { ...state }]));
    };

    it('leaves everything stopped and masked once the next agent has started', async () => {
      begun();
      all({ active: false, masked: false });
      await startAgent();
      assertSuspended();
    });
    it('does so where a start is on its way meanwhile', async () => {
      begun();
      all({ active: false, masked: false });
      let isOnItsWay = true;
      await startAgent(async (argv, options) => {
        const ran = await systemctl(argv, options);
        if (argv[1] === 'mask' && argv[2] === 'a' && isOnItsWay) {
          isOnItsWay = false;
          observer.set('a', { active: true, masked: true });
        }
        return ran;
      });
      assert.ok(!isOnItsWay);
      assertSuspended();
    });
    it('does so where the observer runs already, which nobody has proven', async () => {
      begun();
      all({ active: true, masked: false });
      await startAgent();
      assertSuspended();
    });
    it('and nothing was begun: what somebody has unmasked is masked again, before a boot starts it', async () => {
      observer.set('a', { active: false, masked: false });
      await startAgent();
      assertSuspended();
    });
    it('and nothing was begun: what somebody has armed by hand stays armed, and the record stays', async () => {
      all({ active: true, masked: false });
      await startAgent();
      for (const unit of units) assert.deepEqual(observer.get(unit), { active: true, masked: false });
      assert.equal(readSuspension(ledger)?.run, 'r1');
    });
    it('and nobody has suspended it: it is left alone', async () => {
      ledger.sql('DELETE FROM suspension').run();
      begun();
      all({ active: false, masked: false });
      await startAgent();
      for (const unit of units) assert.deepEqual(observer.get(unit), { active: false, masked: false });
    });
  });
});
