import assert from 'node:assert/strict';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Action } from '../../../shared/actions/action.ts';
import { sha256Hex } from '../../../shared/hash.ts';
import { type Key, unitOfKey } from '../../../shared/key.ts';
import { createTestAgent, type TestAgent } from './test-agent.ts';
import { startTestCoordinator, type TestCoordinator, waitFor } from './test-coordinator.ts';

const key = (step: string, attempt = 1): Key => ({ run: 'r1', step, phase: 'do', attempt });

describe('The agent', function () {
  this.timeout(60_000);
  let coordinator: TestCoordinator;
  let agent: TestAgent;
  let web: Server;
  let url: string;
  /** Requests that arrived; those of /slow are answered by the test. */
  let requests: { line: string; headers: IncomingMessage['headers']; answer: (status: number, body: string) => void }[];

  beforeEach(async () => {
    requests = [];
    web = createServer((request: IncomingMessage, response: ServerResponse) => {
      const answer = (status: number, body: string) => {
        response.writeHead(status, { 'content-type': 'application/json' });
        response.end(body);
      };
      requests.push({ line: `${request.method} ${request.url}`, headers: request.headers, answer });
      if (request.url !== '/slow') answer(201, JSON.stringify({ id: 7, echo: request.headers.authorization ?? '' }));
    });
    await new Promise<void>((done) => web.listen(0, '127.0.0.1', done));
    url = `http://127.0.0.1:${(web.address() as AddressInfo).port}`;
    coordinator = await startTestCoordinator();
    agent = await createTestAgent(
      `installers: true\nurls: ['${url}']\nsecretFiles: [FOLDER/token]\npaths: [FOLDER/files]\ntestFilePaths: [FOLDER/files]\n`,
    );
    await writeFile(join(agent.folder, 'token'), 'very-secret\n');
    await agent.join(coordinator);
    agent.start();
    await waitFor('a connection', () => coordinator.isConnected());
  });
  afterEach(async () => {
    await agent.remove();
    await coordinator.stop();
    web.closeAllConnections();
    await new Promise((done) => web.close(done));
  });

  const request = (path: string): Action => ({
    ...{ kind: 'sendRequest', method: 'POST', url: `${url}${path}`, body: '{}', expectStatus: [201] },
    headers: [{ name: 'Authorization', value: ['Bearer $', '{token}'].join('') }],
    tokenFile: join(agent.folder, 'token'),
    valueAt: '/id',
  });

  it('carries a command out once and answers a repetition from its ledger', async () => {
    coordinator.command(key('ticket'), request('/tickets'));
    const outcome = await coordinator.outcomeOf(key('ticket'));
    assert.equal(outcome.verdict, 'succeeded');
    assert.equal(outcome.answer?.kind === 'sendRequest' && outcome.answer.value, '7');
    coordinator.heard.outcomes.length = 0;
    coordinator.command(key('ticket'), request('/tickets'), { epoch: 9, sequence: 5 });
    assert.deepEqual(await coordinator.outcomeOf(key('ticket')), outcome);
    assert.equal(requests.length, 1);
  });

  it('uses a secret on the node and never tells it', async () => {
    coordinator.command(key('ticket'), request('/tickets'));
    const outcome = await coordinator.outcomeOf(key('ticket'));
    assert.equal(requests[0]?.headers.authorization, 'Bearer very-secret');
    assert.match(JSON.stringify(outcome), /redacted/);
    assert.doesNotMatch(JSON.stringify(outcome) + agent.log(), /very-secret/);
    assert.match(outcome.commands[0] ?? '', /^curl .*\$\(cat .*token\)/);
  });

  it('refuses an older epoch, also after a restart', async () => {
    await coordinator.ask(key('x'), 7);
    coordinator.command(key('a'), request('/a'), { epoch: 6 });
    assert.equal((await coordinator.outcomeOf(key('a'))).failure?.code, 'refused-old-epoch');
    await agent.kill();
    agent.start();
    await waitFor('a second hello', () => coordinator.heard.hellos.length > 1);
    assert.equal(coordinator.heard.hellos.at(-1)?.highestEpoch, 7);
    coordinator.command(key('b'), request('/b'), { epoch: 6 });
    assert.equal((await coordinator.outcomeOf(key('b'))).failure?.code, 'refused-old-epoch');
    assert.equal(requests.length, 0);
  });

  it('refuses another payload under a known key, policy, hold, and a journal that went back', async () => {
    const refusal = async (step: string, action: Action, more = {}) => {
      coordinator.heard.outcomes.length = 0;
      coordinator.command(key(step), action, more);
      const outcome = await coordinator.outcomeOf(key(step));
      assert.equal(outcome.verdict, 'refused');
      return outcome.failure?.code;
    };
    coordinator.command(key('a'), request('/a'), { sequence: 5 });
    await coordinator.outcomeOf(key('a'));
    assert.equal(await refusal('a', request('/other'), { sequence: 6 }), 'refused-key');
    assert.equal(await refusal('b', request('/b'), { sequence: 4 }), 'restored-state');
    assert.equal(await refusal('c', { kind: 'stopUnits', units: ['ssh'] }, { sequence: 7 }), 'refused-by-policy');
    assert.equal(await refusal('d', { kind: 'stopUnits', units: ['--now'] }, { sequence: 7 }), 'bad-input');
    assert.equal(await refusal('e', { kind: 'readNode' }, { sequence: 7 }), 'bad-input');
    assert.equal((await agent.run('hold')).exitCode, 0);
    assert.equal(await refusal('f', request('/f'), { sequence: 7 }), 'refused-on-hold');
    await waitFor('a heartbeat that says so', () => coordinator.heard.heartbeats.at(-1)?.hold);
    assert.equal((await agent.run('hold', '--release')).exitCode, 0);
    assert.equal((await coordinator.ask(key('f'))).status, 'absent');
    assert.deepEqual(
      requests.map(({ line }) => line),
      ['POST /a'],
    );
  });

  it('does one thing at a time', async () => {
    coordinator.command(key('slow'), request('/slow'));
    await waitFor('the request', () => requests[0]);
    assert.equal((await coordinator.ask(key('slow'))).status, 'running');
    coordinator.command(key('other'), request('/other'));
    assert.equal((await coordinator.outcomeOf(key('other'))).failure?.code, 'refused-busy');
    coordinator.command(key('slow'), request('/slow'));
    requests[0]?.answer(201, '{"id":1}');
    assert.equal((await coordinator.outcomeOf(key('slow'))).verdict, 'succeeded');
    assert.deepEqual(
      requests.map(({ line }) => line),
      ['POST /slow'],
    );
  });

  it('keeps an outcome until it is journaled, over lost connections and a kill', async () => {
    coordinator.command(key('slow'), request('/slow'));
    await waitFor('the request', () => requests[0]);
    coordinator.drop();
    requests[0]?.answer(201, '{"id":1}');
    const outcome = await coordinator.outcomeOf(key('slow'));
    await agent.kill();
    coordinator.heard.outcomes.length = 0;
    agent.start();
    assert.deepEqual(await coordinator.outcomeOf(key('slow')), outcome);

    coordinator.put({ case: 'outcomeJournaled', value: { key: key('slow') } });
    assert.equal((await coordinator.ask(key('slow'))).status, 'finished');
    coordinator.heard.outcomes.length = 0;
    const hellos = coordinator.heard.hellos.length;
    coordinator.drop();
    await waitFor('a new connection', () => coordinator.heard.hellos.length > hellos);
    await coordinator.ask(key('slow'));
    assert.deepEqual(coordinator.heard.outcomes, []);
  });

  it('killed in the middle of a request: the outcome is unknown, and nothing is sent again', async () => {
    coordinator.command(key('slow'), request('/slow'));
    await waitFor('the request', () => requests[0]);
    await agent.kill();
    agent.start();
    const outcome = await coordinator.outcomeOf(key('slow'));
    assert.equal(outcome.verdict, 'unknown');
    assert.equal(outcome.failure?.code, 'lost');
    coordinator.command(key('slow'), request('/slow'));
    await coordinator.ask(key('slow'));
    assert.equal(requests.length, 1);
  });

  it('a request whose answer never comes is unknown, one that nobody took is a failure', async () => {
    coordinator.command(key('slow'), request('/slow'), { timeoutMs: 500 });
    assert.equal((await coordinator.outcomeOf(key('slow'))).verdict, 'unknown');
    await agent.setPolicy("urls: ['http://127.0.0.1:9']");
    const unheard: Action = {
      kind: 'sendRequest',
      method: 'POST',
      url: 'http://127.0.0.1:9/',
      headers: [],
      body: '',
      expectStatus: [],
    };
    coordinator.command(key('none'), unheard);
    const outcome = await coordinator.outcomeOf(key('none'));
    assert.equal(`${outcome.verdict} ${outcome.failure?.code}`, 'failed unreachable');
  });

  it('settled, an attempt ends, is never started again, and its late outcome is told as evidence', async () => {
    coordinator.command(key('slow'), request('/slow'));
    await waitFor('the request', () => requests[0]);
    assert.equal((await coordinator.settle(key('slow'), 0)).status, 'running', 'an older epoch settles nothing');
    assert.equal((await coordinator.settle(key('slow'))).status, 'settled');
    assert.equal((await coordinator.outcomeOf(key('slow'))).verdict, 'unknown');
    coordinator.put({ case: 'outcomeJournaled', value: { key: key('slow') } });
    coordinator.heard.outcomes.length = 0;
    coordinator.command(key('slow'), request('/slow'));
    assert.equal((await coordinator.outcomeOf(key('slow'))).verdict, 'unknown', 'not that nothing was started');
    coordinator.command(key('slow', 2), request('/again'));
    assert.equal((await coordinator.outcomeOf(key('slow', 2))).verdict, 'succeeded');
    assert.deepEqual(
      requests.map(({ line }) => line),
      ['POST /slow', 'POST /again'],
    );
  });

  it('refuses the keys of a closed run', async () => {
    coordinator.command(key('a'), request('/a'));
    await coordinator.outcomeOf(key('a'));
    coordinator.put({ case: 'runClosed', value: { run: 'r1' } });
    assert.equal((await coordinator.ask(key('a'))).status, 'closed');
    coordinator.heard.outcomes.length = 0;
    coordinator.command(key('a'), request('/a'));
    assert.equal((await coordinator.outcomeOf(key('a'))).failure?.code, 'restored-state');
    assert.equal(requests.length, 1);
    assert.match((await agent.run('status')).stdout, /last action +r1\/a\/do\/1: succeeded/);
  });

  it('stages an installer over broken connections, and refuses one with another sum', async () => {
    const data = Buffer.alloc(700_000, 'installer ');
    const sha256 = sha256Hex(data);
    const stage = { kind: 'stageRelease' as const, name: 'Installer_V870', sha256, sizeBytes: data.length };
    coordinator.releases.set(sha256, data);
    coordinator.cutAt = 300_000;
    coordinator.command(key('stage'), stage);
    const staged = await coordinator.outcomeOf(key('stage'));
    assert.equal(staged.verdict, 'succeeded', staged.failure?.message ?? '');
    assert.deepEqual(
      coordinator.fetches.map(({ offset }) => offset),
      [0, 300_000],
    );
    const path = staged.answer?.kind === 'stageRelease' ? staged.answer.path : '';
    assert.deepEqual(await readFile(path), data);

    coordinator.command(key('executable'), { kind: 'makeExecutable', name: 'Installer_V870', sha256 });
    const executable = await coordinator.outcomeOf(key('executable'));
    assert.equal(executable.answer?.kind === 'makeExecutable' && executable.answer.executable, true);
    await writeFile(path, 'another');
    const read = await coordinator.read({ kind: 'readRelease', name: 'Installer_V870', sha256 });
    assert.equal(read.answer?.kind === 'readRelease' && read.answer.staged, false);

    const wrong = 'f'.repeat(64);
    coordinator.releases.set(wrong, data);
    coordinator.command(key('wrong'), { ...stage, sha256: wrong });
    assert.equal((await coordinator.outcomeOf(key('wrong'))).failure?.code, 'checksum-mismatch');
  });

  it('tells of an installer that failed where its output lies', async () => {
    const folder = join(agent.state, 'units', unitOfKey(key('install')).replace(/\.service$/, ''));
    await mkdir(folder);
    await writeFile(join(folder, 'output.log'), 'half of it\n');
    coordinator.command(key('install'), { kind: 'runInstaller', name: 'Installer_V870', sha256: 'a'.repeat(64) });
    const outcome = await coordinator.outcomeOf(key('install'));
    assert.equal(outcome.verdict, 'unknown');
    assert.ok(outcome.failure?.message.includes(`n1:${folder}/output.log`), JSON.stringify(outcome));
    assert.equal(outcome.answer?.kind === 'runInstaller' && outcome.answer.logFile, join(folder, 'output.log'));
  });

  it('reads within its folders, whatever links lie there', async () => {
    const files = join(agent.folder, 'files');
    await writeFile(join(files, 'VERSION'), 'ServiceOps\n8.6.0\n');
    await mkdir(join(files, 'sub'));
    await writeFile(join(files, 'sub', 'with\nnewline'), '');
    await symlink('/etc', join(files, 'etc'));
    const version = await coordinator.read({
      kind: 'readVersion',
      file: join(files, 'VERSION'),
      pattern: '^(\\d+\\.\\d+)',
    });
    assert.equal(version.answer?.kind === 'readVersion' && version.answer.version, '8.6');
    const count = await coordinator.read({ kind: 'countFiles', root: files });
    assert.equal(count.answer?.kind === 'countFiles' && count.answer.files, 2);
    const escaped = await coordinator.read({ kind: 'readFile', path: join(files, 'etc/passwd') });
    assert.equal(escaped.failure?.code, 'refused-by-policy');
    const absent = await coordinator.read({ kind: 'readFile', path: join(files, 'none') });
    assert.equal(absent.answer?.kind === 'readFile' && absent.answer.exists, false);
    const mutating = await coordinator.read({ kind: 'removeTestFile', path: join(files, 'VERSION'), content: 'x' });
    assert.equal(mutating.failure?.code, 'bad-input');
  });

  it('writes a test file, twice the same, never over another one, and removes only its own', async () => {
    const path = join(agent.folder, 'files', 'probe');
    const run = async (step: string, action: Action) => {
      coordinator.command(key(step), action);
      return await coordinator.outcomeOf(key(step));
    };
    assert.equal((await run('w1', { kind: 'writeTestFile', path, content: 'abc' })).verdict, 'succeeded');
    assert.equal((await run('w2', { kind: 'writeTestFile', path, content: 'abc' })).verdict, 'succeeded');
    assert.equal((await run('w3', { kind: 'writeTestFile', path, content: 'xyz' })).failure?.code, 'conflict');
    assert.equal((await run('r1', { kind: 'removeTestFile', path, content: 'xyz' })).failure?.code, 'conflict');
    assert.equal(await readFile(path, 'utf8'), 'abc');
    assert.equal((await run('r2', { kind: 'removeTestFile', path, content: 'abc' })).verdict, 'succeeded');
    assert.equal((await run('r3', { kind: 'removeTestFile', path, content: 'abc' })).verdict, 'succeeded');
    await symlink('/tmp', join(agent.folder, 'files', 'out'));
    const outside = await run('w4', { kind: 'writeTestFile', path: join(agent.folder, 'files/out/x'), content: 'a' });
    assert.equal(outside.failure?.code, 'refused-by-policy');
  });

  it('connects anew when the coordinator does not say anything any more', async () => {
    const startedMs = performance.now();
    coordinator.isSilent = true;
    await waitFor('the agent notices', () => /nothing heard for \d+ s/.test(agent.log()), 30_000);
    // 13 s where the machine has time for it.
    assert.ok(performance.now() - startedMs <= 25_000);
  });
});
