// What heartbeats tell, and when: a coordinator finds out that a node was put back only by what it was told before.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { Key } from '../../../shared/key.ts';
import { createTestAgent, type TestAgent } from './test-agent.ts';
import { startTestCoordinator, type TestCoordinator, waitFor } from './test-coordinator.ts';

const key: Key = { run: 'r1', step: 's', phase: 'do', attempt: 1 };

describe('The agent’s heartbeats', function () {
  this.timeout(60_000);
  let coordinator: TestCoordinator;
  let agent: TestAgent;
  beforeEach(async () => {
    coordinator = await startTestCoordinator();
    agent = await createTestAgent('paths: [FOLDER/files]\ntestFilePaths: [FOLDER/files]\n');
    await agent.join(coordinator);
    agent.start();
    await waitFor('a connection', () => coordinator.isConnected(), 30_000);
  });
  afterEach(async () => {
    await agent.remove();
    await coordinator.stop();
  });

  it('tell that its ledger has grown as soon as an attempt has begun, not only when the next one is due', async () => {
    const counters = () => coordinator.heard.heartbeats.map(({ ledgerCounter }) => ledgerCounter);
    coordinator.command(key, { kind: 'writeTestFile', path: join(agent.folder, 'files', 'probe'), content: 'abc' });
    assert.equal((await coordinator.outcomeOf(key)).verdict, 'succeeded');
    const told = counters().length;
    await waitFor('a heartbeat that follows', () => counters().length > told + 1);
    // The newest is of the outcome, which nobody has confirmed; the one before it is of the beginning.
    assert.ok(counters().includes(Math.max(...counters()) - 1), counters().join(' '));
  });
});
