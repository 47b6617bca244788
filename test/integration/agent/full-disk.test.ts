// A real agent whose state lies on a disk that is really full: a small file system of its own.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { ledgerPath, openLedgerFile } from '../../../agent/ledger/ledger-file.ts';
import { writeSuspension } from '../../../agent/ledger/suspension.ts';
import type { Action } from '../../../shared/actions/action.ts';
import type { Key } from '../../../shared/key.ts';
import { createTestAgent, type TestAgent } from './test-agent.ts';
import { startTestCoordinator, type TestCoordinator, waitFor } from './test-coordinator.ts';

const key = (step: string): Key => ({ run: 'r1', step, phase: 'do', attempt: 1 });
const diskBytes = 4 * 1024 * 1024;

describe('The agent on a full disk', function () {
  this.timeout(120_000);
  let coordinator: TestCoordinator;
  let agent: TestAgent;
  let write: Action;
  let hooks: string;

  beforeEach(async () => {
    coordinator = await startTestCoordinator();
    agent = await createTestAgent(
      'paths: [FOLDER/files]\ntestFilePaths: [FOLDER/files]\nhooksDirectory: FOLDER/hooks\n',
    );
    hooks = join(agent.folder, 'hooks');
    await mkdir(hooks);
    write = { kind: 'writeTestFile', path: join(agent.folder, 'files', 'probe'), content: 'abc' };
    await mkdir(agent.state);
    await execa('mount', ['-t', 'tmpfs', '-o', `size=${diskBytes}`, 'tmpfs', agent.state]);
    await agent.join(coordinator);
    await start();
    coordinator.command(key('before'), write);
    assert.equal((await coordinator.outcomeOf(key('before'))).verdict, 'succeeded');
  });
  afterEach(async () => {
    await agent.kill();
    await execa('umount', [agent.state]);
    await agent.remove();
    await coordinator.stop();
  });
  const start = async () => {
    const hellos = coordinator.heard.hellos.length;
    agent.start();
    await waitFor('hello', () => coordinator.heard.hellos.length > hellos, 30_000);
  };
  const fill = () => writeFile(join(agent.state, 'fill'), Buffer.alloc(diskBytes)).catch(() => undefined);
  const makeRoom = () => rm(join(agent.state, 'fill'));

  it('answers who settles or asks why it cannot, and settles once there is room', async () => {
    await fill();
    const settled = await coordinator.settle(key('before'), 1);
    assert.equal(settled.failure?.code, 'no-space', JSON.stringify(settled));
    assert.match(settled.failure?.message ?? '', /^n1: no room for the ledger in .*state; free disk space there$/);
    // A newer epoch has to be written down before anything is answered under it.
    assert.equal((await coordinator.ask(key('before'), 9)).failure?.code, 'no-space');
    await makeRoom();
    assert.equal((await coordinator.settle(key('before'), 9)).status, 'settled');
  });

  it('killed and started anew: comes back, refuses what changes anything, and goes on once there is room', async () => {
    await fill();
    await agent.kill();
    await start();
    coordinator.command(key('next'), write);
    const refused = await coordinator.outcomeOf(key('next'));
    assert.equal(`${refused.verdict} ${refused.failure?.code}`, 'refused no-space');
    await makeRoom();
    coordinator.heard.outcomes.length = 0;
    coordinator.command(key('next'), write);
    assert.equal((await coordinator.outcomeOf(key('next'))).verdict, 'succeeded');
  });

  it('ended and started anew: says that it waits for room, watches over failover, and is there once there is some', async () => {
    await agent.kill('SIGTERM');
    await writeFile(join(hooks, 'alarm'), `#!/bin/sh\necho "$1" >>${hooks}/alarms\n`, { mode: 0o700 });
    const ledger = openLedgerFile(ledgerPath(agent.state));
    const units = [{ unit: 'baton-test-observer.service', unitFileState: 'enabled' }];
    writeSuspension(ledger, { run: 'r1', units, suspendedAtMs: 1, deadlineMs: 2, alarmedAtMs: 0 });
    ledger.close();
    await fill();
    const hellos = coordinator.heard.hellos.length;
    agent.start();
    await waitFor('a word', () => agent.log().includes('no-space'), 30_000);
    assert.match(agent.log(), /no room in .*state: the agent starts once there is some.*no-space/);
    const status = await agent.run('status');
    assert.equal(status.exitCode, 1);
    assert.match(status.stderr, /no room in .*state: the agent starts once there is some/);
    assert.equal(coordinator.heard.hellos.length, hellos);
    const alarms = () => (existsSync(join(hooks, 'alarms')) ? readFileSync(join(hooks, 'alarms'), 'utf8') : '');
    await waitFor('the alarm', () => alarms() !== '', 30_000);
    assert.match(alarms(), /^failover has been suspended for .* by run r1/);
    await makeRoom();
    await waitFor('hello', () => coordinator.heard.hellos.length > hellos, 30_000);
    coordinator.command(key('next'), write);
    assert.equal((await coordinator.outcomeOf(key('next'))).verdict, 'succeeded');
  });
});
