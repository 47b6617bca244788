import assert from 'node:assert/strict';
import { mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { ledgerPath } from '../../../agent/ledger/ledger-file.ts';
import type { Action } from '../../../shared/actions/action.ts';
import type { Key } from '../../../shared/key.ts';
import { createTestAgent, type TestAgent } from './test-agent.ts';
import { startTestCoordinator, type TestCoordinator, waitFor } from './test-coordinator.ts';

const key: Key = { run: 'r1', step: 's', phase: 'do', attempt: 1 };

describe('The agent, when its disk takes nothing', function () {
  this.timeout(60_000);
  let coordinator: TestCoordinator;
  let agent: TestAgent;
  let write: Action;

  beforeEach(async () => {
    coordinator = await startTestCoordinator();
    agent = await createTestAgent('paths: [FOLDER/files]\ntestFilePaths: [FOLDER/files]\n');
    write = { kind: 'writeTestFile', path: join(agent.folder, 'files', 'probe'), content: 'abc' };
    await agent.join(coordinator);
  });
  afterEach(async () => {
    await agent.remove();
    await coordinator.stop();
  });
  const start = async () => {
    const hellos = coordinator.heard.hellos.length;
    agent.start();
    await waitFor('hello', () => coordinator.heard.hellos.length > hellos);
  };
  const inLedger = (sql: string) => {
    const database = new DatabaseSync(ledgerPath(agent.state), { timeout: 5000 });
    database.exec(sql);
    database.close();
  };
  const refuseOutcomes = () =>
    inLedger(`CREATE TRIGGER full BEFORE UPDATE ON attempts WHEN new.outcome IS NOT NULL
              BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END`);
  const acceptOutcomes = () => inLedger('DROP TRIGGER full');

  it('goes on without writing how its connection stands', async () => {
    const unfinished = join(agent.state, 'connection.json.new');
    await mkdir(unfinished);
    await start();
    coordinator.drop();
    await waitFor('a second hello', () => coordinator.heard.hellos.length > 1);
    coordinator.command(key, write);
    assert.equal((await coordinator.outcomeOf(key)).verdict, 'succeeded');
    assert.match(agent.log(), /how the connection stands could not be written/);
    await rm(unfinished, { recursive: true });
  });

  it('goes on without writing the epoch of the welcome, which the next command brings again', async () => {
    await start();
    await agent.kill();
    inLedger(`CREATE TRIGGER full BEFORE INSERT ON facts WHEN new.name = 'highest_epoch'
              BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END`);
    coordinator.epoch = 5;
    await start();
    await waitFor('a warning', () => agent.log().includes('the epoch of the welcome could not be written'));
    coordinator.command(key, write, { epoch: 5 });
    const outcome = await coordinator.outcomeOf(key);
    assert.equal(outcome.verdict, 'refused');
    assert.match(outcome.failure?.message ?? '', /could not take the command up/);
    acceptOutcomes();
    coordinator.heard.outcomes.length = 0;
    coordinator.command(key, write, { epoch: 5 });
    assert.equal((await coordinator.outcomeOf(key)).verdict, 'succeeded');
    assert.equal(coordinator.heard.hellos.length, 2, 'over the same stream');
  });

  it('keeps an attempt running until its outcome is written', async () => {
    await start();
    refuseOutcomes();
    coordinator.command(key, write);
    await waitFor('two tries', () => agent.log().split('an outcome could not be written').length > 2);
    assert.equal((await coordinator.ask(key)).status, 'running');
    const next = { ...key, step: 'next' };
    coordinator.command(next, write);
    assert.equal((await coordinator.outcomeOf(next)).failure?.code, 'refused-busy');
    acceptOutcomes();
    assert.equal((await coordinator.outcomeOf(key)).verdict, 'succeeded');
    assert.equal(coordinator.heard.hellos.length, 1, 'over the same stream');
  });

  it('keeps what a former agent has left running until it is written that it is lost', async () => {
    await start();
    refuseOutcomes();
    coordinator.command(key, write);
    await waitFor('a try', () => agent.log().includes('an outcome could not be written'));
    await agent.kill();
    await start();
    assert.equal((await coordinator.ask(key)).status, 'running');
    acceptOutcomes();
    const outcome = await coordinator.outcomeOf(key);
    assert.equal(`${outcome.verdict} ${outcome.failure?.code}`, 'unknown lost');
  });

  it('waits until it can read its identity', async () => {
    const file = join(agent.state, 'identity', 'key.pem');
    await rename(file, `${file}.away`);
    agent.start();
    await waitFor('an error', () => agent.log().includes('the identity of this node cannot be read'));
    await rename(`${file}.away`, file);
    await waitFor('hello', () => coordinator.heard.hellos.length > 0);
  });
});
