import assert from 'node:assert/strict';
import { mkdir, readdir, rmdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { readIdentity, writeIdentity } from '../../../agent/enrol/identity-files.ts';
import { createAuthority, issueClientCredentials } from '../../../shared/security/certificates.ts';
import { createTestAgent, type TestAgent } from './test-agent.ts';
import { startTestCoordinator, type TestCoordinator, waitFor } from './test-coordinator.ts';

describe('Joining', function () {
  this.timeout(60_000);
  let coordinator: TestCoordinator;
  let agent: TestAgent;
  beforeEach(async () => {
    coordinator = await startTestCoordinator();
    agent = await createTestAgent('installers: true');
  });
  afterEach(async () => {
    await agent.remove();
    await coordinator.stop();
  });
  const filesOf = async () => (await readdir(agent.state).catch(() => [])).sort();

  it('writes an identity that only root reads, and the agent connects with it', async () => {
    const joined = await agent.join(coordinator);
    assert.equal(joined.exitCode, 0, joined.stderr);
    assert.match(joined.stdout, /joined as n1 \(master\)/);
    const folder = join(agent.state, 'identity');
    for (const name of await readdir(folder)) assert.equal((await stat(join(folder, name))).mode & 0o777, 0o600, name);
    assert.equal(((await stat(folder)).mode & 0o777).toString(8), '700');

    agent.start();
    await waitFor('a hello', () => coordinator.heard.hellos[0]);
    const hello = coordinator.heard.hellos[0];
    assert.equal(hello?.facts?.os, 'debian');
    assert.equal(hello?.profile?.releaseDirectory, join(agent.state, 'releases'));
    await waitFor('a heartbeat that echoes', () =>
      coordinator.heard.heartbeats.some((beat) => beat.coordinatorClockMs > 0),
    );
    const status = JSON.parse((await agent.run('status', '--json')).stdout);
    assert.equal(status.node, 'n1');
    assert.equal(status.agent.connectedTo, coordinator.address);
  });

  it('waits in the daemon until the node has joined', async () => {
    agent.start();
    await waitFor('a word about joining', () => agent.log().includes('has not joined'));
    assert.equal((await agent.join(coordinator)).exitCode, 0);
    await waitFor('a hello', () => coordinator.heard.hellos[0]);
  });

  it('is refused with another pin, and leaves nothing behind', async () => {
    const joined = await agent.join(coordinator, { pin: `sha256:${'0'.repeat(64)}` });
    assert.equal(joined.exitCode, 2, joined.stderr);
    assert.match(joined.stderr, /another authority/);
    assert.deepEqual(await filesOf(), []);
  });

  it('is refused with a used token, and leaves nothing behind', async () => {
    const { token } = coordinator;
    assert.equal((await agent.join(coordinator)).exitCode, 0);
    const other = await createTestAgent();
    const joined = await other.join(coordinator, { token });
    assert.equal(joined.exitCode, 2);
    assert.match(joined.stderr, /token was used already/);
    assert.deepEqual(await readdir(other.state).catch(() => []), []);
    await other.remove();
  });

  it('says so where its state cannot be written, before the token is used up', async () => {
    const { token } = coordinator;
    const ledger = join(agent.state, 'ledger.sqlite');
    await mkdir(ledger, { recursive: true });
    const joined = await agent.join(coordinator, { token });
    assert.notEqual(joined.exitCode, 0);
    assert.match(joined.stderr, /unable to open database file/);
    assert.doesNotMatch(joined.stderr, /used up|\n\s+at /);
    assert.deepEqual(await filesOf(), ['ledger.sqlite']);
    await rmdir(ledger);
    assert.equal((await agent.join(coordinator, { token })).exitCode, 0);
  });

  it('is refused twice, unless it is forced; then nothing of the old identity is left', async () => {
    await agent.join(coordinator);
    const again = await agent.join(coordinator, { name: 'n2' });
    assert.equal(again.exitCode, 2);
    assert.match(again.stderr, /joined as n1 already/);
    assert.equal((await agent.join(coordinator, { name: 'n2', force: true })).exitCode, 0);
    assert.equal(readIdentity(agent.state)?.name, 'n2');
    assert.equal((await filesOf()).filter((name) => name.startsWith('identity')).length, 2);
  });

  it('anew with another installation: its coordinator is obeyed, whatever epoch the former one had', async () => {
    coordinator.epoch = 57;
    await agent.join(coordinator);
    agent.start();
    await waitFor('a hello', () => coordinator.heard.hellos[0]);
    coordinator.put({ case: 'ask', value: { key: { run: 'r', step: 's', phase: 'do', attempt: 1 }, epoch: 57 } });
    await waitFor('the epoch', () => {
      coordinator.drop();
      return coordinator.heard.hellos.some(({ highestEpoch }) => highestEpoch === 57);
    });
    const other = await startTestCoordinator();
    try {
      // Beside the running daemon, which nobody starts anew.
      assert.equal((await agent.join(other, { force: true })).exitCode, 0);
      const hello = await waitFor('a hello to the other', () => other.heard.hellos[0], 20_000);
      assert.equal(hello.highestEpoch, 0);
      assert.notEqual(hello.ledgerGeneration, coordinator.heard.hellos[0]?.ledgerGeneration);
    } finally {
      await other.stop();
    }
  });

  it('says who is out of reach, with exit code 4', async () => {
    await coordinator.stop();
    const joined = await agent.join(coordinator);
    assert.equal(joined.exitCode, 4);
    assert.match(joined.stderr, new RegExp(coordinator.address));
  });

  it('refuses a malformed line before anything is sent', async () => {
    for (const line of [{ name: '--now' }, { name: '../x' }, { pin: 'sha256:abc' }])
      assert.equal((await agent.join(coordinator, line)).exitCode, 2, JSON.stringify(line));
    assert.deepEqual(await filesOf(), []);
  });

  it('does not help against a coordinator of another authority', async () => {
    const other = await createAuthority('other', Date.now());
    const mine = await issueClientCredentials(other, 'node', 'n1', Date.now());
    await writeIdentity(agent.state, {
      ...{ name: 'n1', role: 'master', coordinators: [coordinator.address] },
      ...{ key: mine.key, certificate: mine.certificate, authority: other.certificate },
    });
    agent.start();
    await waitFor('a lost connection', () => agent.log().includes('connection lost'));
    assert.equal(coordinator.heard.hellos.length, 0);
  });
});
