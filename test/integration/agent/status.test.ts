import assert from 'node:assert/strict';
import { mkdir } from 'node:fs/promises';
import { ledgerOf } from '../../../agent/ledger/ledger.ts';
import { ledgerPath, openLedgerFile } from '../../../agent/ledger/ledger-file.ts';
import { type Key, unitOfKey } from '../../../shared/key.ts';
import { createTestAgent, type TestAgent } from './test-agent.ts';

const key: Key = { run: 'r1', step: 'install', phase: 'do', attempt: 1 };

describe('The agent’s status', function () {
  this.timeout(60_000);
  let agent: TestAgent;
  beforeEach(async () => {
    agent = await createTestAgent();
    await mkdir(agent.state, { mode: 0o700 });
  });
  afterEach(() => agent.remove());

  it('tells nothing of its state to who may not read it, instead of what is not so', async () => {
    const told = await agent.runAsNobody('status');
    assert.equal(told.exitCode, 1, JSON.stringify(told));
    assert.equal(told.stdout, '');
    assert.match(told.stderr, /state cannot be opened; run it as root/);
    assert.match((await agent.run('status')).stdout, /node +not joined/);
  });

  it('names the unit of an installer that runs', async () => {
    const file = openLedgerFile(ledgerPath(agent.state));
    const action = { kind: 'runInstaller' as const, name: 'Installer_V870', sha256: 'a'.repeat(64) };
    const rest = { payloadHash: 'x', timeoutMs: 60_000, epoch: 1, startedAtMs: Date.now() };
    ledgerOf(file).begin({ key, action, ...rest });
    file.close();
    const unit = unitOfKey(key);
    assert.match(
      (await agent.run('status')).stdout,
      new RegExp(`running +r1/install/do/1 \\(.*\\) in ${RegExp.escape(unit)}, `),
    );
    assert.equal(JSON.parse((await agent.run('status', '--json')).stdout).running.unit, unit);
  });
});
