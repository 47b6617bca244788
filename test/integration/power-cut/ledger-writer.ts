// Writes a ledger until it is killed, and says on stdout what each call that has returned must have left behind: one line of
// JSON with the expected rows. Arguments: the ledger's path, and with `PRAGMA synchronous = …` what it is opened with instead.
import { writeSync } from 'node:fs';
import { ledgerOf } from '../../../agent/ledger/ledger.ts';
import { openLedgerFile } from '../../../agent/ledger/ledger-file.ts';
import type { Key } from '../../../shared/key.ts';
import { outcomeOf } from './ledger-rows.ts';

const [path = '', pragma] = process.argv.slice(2);
const file = openLedgerFile(path);
if (pragma !== undefined) file.sql(pragma).all();
const ledger = ledgerOf(file);
const say = (expected: object): void => {
  writeSync(1, `${JSON.stringify({ ...expected, counter: file.counter(), generation: file.generation() })}\n`);
};

for (let round = file.counter() + 1; ; round += 1) {
  const key: Key = { run: `upgrade-${round % 3}`, step: `step-${round}`, phase: 'do', attempt: 1 };
  const settled: Key = { ...key, phase: 'undo' };
  ledger.acceptEpoch(round);
  say({ is: 'epoch', epoch: round });
  const head = { sequence: round, hash: String(round).padStart(64, '0') };
  ledger.noteHead(key.run, head);
  say({ is: 'head', run: key.run, head });
  ledger.begin({
    key,
    payloadHash: `payload ${round}`,
    action: { kind: 'stopUnits', units: [`unit-${round}`] },
    timeoutMs: 1_000,
    epoch: round,
    startedAtMs: round,
  });
  say({ is: 'begun', key, payloadHash: `payload ${round}` });
  ledger.finish(key, outcomeOf(round));
  say({ is: 'finished', key, outcome: outcomeOf(round) });
  ledger.settle(settled, round, round);
  say({ is: 'settled', key: settled });
}
