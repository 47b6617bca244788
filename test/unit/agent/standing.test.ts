import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type StandingParts, settle } from '../../../agent/execution/standing.ts';
import { type Ledger, ledgerOf } from '../../../agent/ledger/ledger.ts';
import { ledgerPath, openLedgerFile } from '../../../agent/ledger/ledger-file.ts';
import { systemClock } from '../../../shared/clock.ts';
import { ok } from '../../../shared/failures.ts';
import { type Key, unitOfKey } from '../../../shared/key.ts';

describe('Settling a key of a closed run', () => {
  const key: Key = { run: 'r1', step: 'install', phase: 'do', attempt: 1 };
  let folder: string;
  let ledger: Ledger;
  let runs: boolean;
  let stopped: string[];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'baton-standing-'));
    ledger = ledgerOf(openLedgerFile(ledgerPath(folder)));
    ledger.closeRun('r1', 1);
    runs = true;
    stopped = [];
  });
  afterEach(async () => {
    ledger.file.close();
    await rm(folder, { recursive: true });
  });
  const settleWith = (stops: boolean) =>
    settle(key, 1, undefined, {
      ...{ ledger, executor: { running: () => undefined }, clock: systemClock },
      units: {
        readStanding: async () =>
          ok({
            ...{ isLoaded: runs, activeState: runs ? 'active' : 'inactive', subState: '', result: '', exitStatus: 0 },
            isEmpty: !runs,
          }),
        stopUnit: async (unit: string) => {
          stopped.push(unit);
          runs = !stops;
          return stops;
        },
      },
    } as unknown as StandingParts);

  it('ends the unit that is left of it, and writes no tombstone', async () => {
    assert.deepEqual(await settleWith(true), { status: 'closed' });
    assert.deepEqual(stopped, [unitOfKey(key)]);
    assert.equal(ledger.attempt(key), undefined);
  });
  it('is not over while the unit still runs', async () => {
    assert.deepEqual(await settleWith(false), { status: 'settling' });
  });
});
