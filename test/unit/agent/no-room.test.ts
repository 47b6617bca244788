import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { create } from '@bufbuild/protobuf';
import { ledgerOf } from '../../../agent/ledger/ledger.ts';
import { ledgerFileOn, ledgerPath, openLedgerFile } from '../../../agent/ledger/ledger-file.ts';
import { noRoomFor } from '../../../agent/ledger/no-room.ts';
import { refusalMessage } from '../../../agent/link/messages.ts';
import { systemClock } from '../../../shared/clock.ts';
import { ToAgentSchema } from '../../../shared/gen/baton/v1/fleet_pb.ts';
import type { Key } from '../../../shared/key.ts';
import { keyToWire } from '../../../shared/rpc/outcome-wire.ts';

describe('A ledger that has no room', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'baton-room-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('begins nothing, and the failure names node and folder; other errors are not taken for it', () => {
    const database = new DatabaseSync(ledgerPath(folder));
    const file = ledgerFileOn(database);
    const ledger = ledgerOf(file);
    const begin = (attempt: number) => {
      const key: Key = { run: 'r', step: 's', phase: 'do', attempt };
      const action = { kind: 'writeTestFile' as const, path: '/x', content: 'y'.repeat(10_000) };
      ledger.begin({ key, payloadHash: 'x', action, timeoutMs: 1, epoch: 1, startedAtMs: 1 });
    };
    begin(1);
    database.exec('PRAGMA max_page_count = 1');
    let refused: unknown;
    for (let attempt = 2; attempt < 50 && refused === undefined; attempt += 1)
      try {
        begin(attempt);
      } catch (error) {
        refused = error;
        assert.equal(ledger.attempt({ run: 'r', step: 's', phase: 'do', attempt }), undefined);
      }
    const failure = noRoomFor('the ledger', refused, 'n1', file);
    assert.equal(failure?.code, 'no-space', String(refused));
    assert.equal(failure?.message, `n1: no room for the ledger in ${folder}; free disk space there`);
    assert.throws(
      () => begin(1),
      (error) => noRoomFor('the ledger', error, 'n1', file) === undefined,
    );
    file.close();
  });

  it('says of a key that it knows not that nothing was started', () => {
    const ledger = ledgerOf(openLedgerFile(ledgerPath(folder)));
    const refusalOf = (attempt: number) => {
      const key: Key = { run: 'r', step: 's', phase: 'do', attempt };
      const message = create(ToAgentSchema, { kind: { case: 'command', value: { key: keyToWire(key) } } });
      return refusalMessage(message, new Error('full'), { nodeName: () => 'n1', ledger, clock: systemClock });
    };
    const action = { kind: 'writeTestFile' as const, path: '/x', content: 'y' };
    const key: Key = { run: 'r', step: 's', phase: 'do', attempt: 1 };
    ledger.begin({ key, payloadHash: 'x', action, timeoutMs: 1, epoch: 1, startedAtMs: 1 });
    assert.equal(refusalOf(1), undefined);
    assert.equal(refusalOf(2)?.case, 'outcome');
    ledger.file.close();
  });
});
