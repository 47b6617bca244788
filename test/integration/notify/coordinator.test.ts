// Notices and scheduled runs of a real coordinator that is killed in between: each told once, each started once.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { OperatorClient } from '../../../coordinator/cli/client.ts';
import type {
  NodeAddedDocument,
  NodesDocument,
  PlanDocument,
  RunDocument,
  RunsDocument,
} from '../../../shared/documents.ts';
import { sha256Hex } from '../../../shared/hash.ts';
import type { NoticeTestDocument } from '../../../shared/notify-documents.ts';
import type { ScheduledDocument } from '../../../shared/scheduled-run-document.ts';
import { createSigningRequest } from '../../../shared/security/certificates.ts';
import { profile } from '../../unit/plans/compiled.ts';
import { eventually, must } from '../bus/test-bus.ts';
import { TestAgent, TestClient } from '../fleet/fleet-fixture.ts';
import { type CoordinatorProcess, startCoordinator } from '../operator/coordinator-process.ts';
import { type Posted, type Running, webhookServer } from './servers.ts';

describe('notices and scheduled runs of a coordinator', function () {
  this.timeout(120_000);
  let coordinator: CoordinatorProcess;
  let client: OperatorClient;
  let hook: Running & { posted: Posted[] };
  /** What the webhook answers. */
  let status = 204;
  const credentials: { certificate: string; key: string }[] = [];
  let agents: TestAgent[] = [];
  let release: { name: string; sha256: string; sizeBytes: number };

  const file = (more = '') => `cluster: lab
nodes:
  n1: { address: 10.77.0.11, role: master }
  n2: { address: 10.77.0.12, role: standby }
  n3: { address: 10.77.0.13, role: observer }
application:
  version: { file: /opt/v, pattern: '^(.+)$' }
  portal: { url: 'http://127.0.0.1:1/' }
notify:
  smtp: { host: 127.0.0.1, port: 1, tls: none, from: baton@x.test, to: [ops@x.test] }
  webhook: { url: 'http://127.0.0.1:${hook.port}/baton' }
${more}`;
  const apply = async (more = '') =>
    must(await client.call('applyCluster', { fileName: 'lab.yaml', text: file(more), dryRun: false }));
  const told = () =>
    hook.posted.map(({ body }) => JSON.parse(body) as { id: string; kind: string; run?: string; text: string });
  const toldOf = (run: string) => told().filter((one) => one.run === run);

  /** Without a heartbeat a stream is taken for half-open, and on a busy machine a test takes longer than that. */
  let beating: NodeJS.Timeout | undefined;
  const disconnect = (): void => {
    clearInterval(beating);
    for (const agent of agents) agent.close();
  };
  const connect = async (): Promise<void> => {
    disconnect();
    agents = credentials.map((one) => new TestAgent(coordinator, one));
    for (const agent of agents) {
      agent.onMessage = ({ kind }) => {
        if (kind.case !== 'read') return;
        const { id, action } = kind.value;
        const value =
          action?.kind.case === 'readVersion'
            ? { id, answer: { kind: { case: 'readVersion' as const, value: { version: '8.6.0' } } } }
            : { id, failure: { code: 'command-failed', message: 'a test reads nothing' } };
        agent.say({ case: 'readAnswer', value });
      };
      await agent.hello({ profile });
    }
    beating = setInterval(() => {
      for (const agent of agents) agent.say({ case: 'heartbeat', value: { clockMs: Date.now(), ledgerCounter: 1 } });
    }, 2_000);
    await eventually(async () => {
      const { nodes } = must(await client.call<NodesDocument>('listNodes', {}));
      return nodes.length === 3 && nodes.every(({ connected }) => connected);
    }, 'all agents are connected');
  };

  const schedule = async (requestId: string, inMs: number): Promise<string> => {
    const parametersJson = JSON.stringify({ toVersion: '8.7.0', release });
    const plan = { plan: 'upgrade', cluster: 'lab', parametersJson };
    const { hash: planHash } = must(await client.call<PlanDocument>('compilePlan', plan, 60_000));
    const at = new Date(Date.now() + inMs).toISOString().replace(/\.\d+Z$/, 'Z');
    const request = { plan, planHash, requestId, change: 'CHG-1', reason: 'quarterly', at };
    const scheduled = must(await client.call<ScheduledDocument>('scheduleRun', request, 60_000));
    const again = must(await client.call<ScheduledDocument>('scheduleRun', request, 60_000));
    assert.deepEqual(again, scheduled, 'asked twice it is another one');
    assert.equal(Date.parse(scheduled.at), Date.parse(at));
    return scheduled.run;
  };
  const shown = async (run: string) => must(await client.call<RunDocument>('showRun', { run }));
  const summary = async (run: string) =>
    must(await client.call<RunsDocument>('listRuns', { cluster: 'lab' })).runs.filter(({ id }) => id === run);

  before(async () => {
    hook = await webhookServer((_, response) => response.writeHead(status).end());
    coordinator = await startCoordinator();
    client = coordinator.client();
    for (const [name, role] of [
      ['n1', 'master'],
      ['n2', 'standby'],
      ['n3', 'observer'],
    ] as const) {
      const { token } = must(await client.call<NodeAddedDocument>('addNode', { name, role }));
      const { request, key } = await createSigningRequest(name);
      const knocking = new TestClient(coordinator);
      const { certificate } = await knocking.join({ token, name, signingRequest: request });
      knocking.close();
      credentials.push({ certificate, key });
    }
    await apply();
    await connect();
    const content = randomBytes(1_000);
    release = { name: 'MotadataServiceOpsCommonUpgrade_V870', sha256: sha256Hex(content), sizeBytes: content.length };
    async function* parts() {
      yield release;
      yield { data: content };
    }
    must(await client.uploadRelease(parts(), 20_000));
  });
  after(async () => {
    disconnect();
    await coordinator.remove();
    await hook.stop();
  });

  it('shows by a test what each server says', async () => {
    const { channels } = must(await client.call<NoticeTestDocument>('testNotice', { cluster: 'lab' }, 60_000));
    assert.deepEqual(
      channels.map(({ channel, taken }) => [channel, taken]),
      [
        ['smtp', false],
        ['webhook', true],
      ],
    );
    assert.match(channels[0]?.message ?? '', /ECONNREFUSED/);
    assert.equal(told().at(-1)?.kind, 'alarm');
  });

  it('starts a run that was put off, once, over a kill -9, and tells its start and its end once', async () => {
    status = 503;
    const run = await schedule('put-off-1', 12_000);
    assert.equal((await shown(run)).status, 'scheduled');
    assert.deepEqual(
      (await summary(run)).map((one) => one.status),
      ['scheduled'],
    );
    assert.ok((await shown(run)).steps.length > 10, 'its plan cannot be looked at');
    disconnect();
    await coordinator.end('SIGKILL');
    await coordinator.start();
    client = coordinator.client();
    await connect();
    // Nothing can be read of these nodes: it ends before the first change.
    await eventually(async () => (await shown(run)).status === 'failed', 'the run has failed', 60_000);
    await eventually(() => toldOf(run).length > 0, 'somebody was tried to be told', 30_000);
    assert.equal((await summary(run)).length, 1);
    const { message } = await shown(run);
    assert.doesNotMatch(message, /never started/);
    disconnect();
    await coordinator.end('SIGKILL');
    status = 204;
    const from = hook.posted.length;
    const taken = () =>
      told()
        .slice(from)
        .filter((one) => one.run === run);
    await coordinator.start();
    client = coordinator.client();
    await eventually(
      () => ['start', 'end'].every((kind) => taken().some((one) => one.kind === kind)),
      'start and end are told by whoever leads next',
      60_000,
    );
    await connect();
    assert.equal(new Set(taken().map(({ id }) => id)).size, taken().length, 'the same notice was taken twice');
    assert.match(toldOf(run)[0]?.text ?? '', /Change: CHG-1/);
  });

  it('cancels one by an abort, and says so', async () => {
    const run = await schedule('put-off-2', 3_600_000);
    const decide = (decision: string, requestId: string) =>
      client.call<RunDocument>('decideRun', { run, decision, reason: 'not tonight', requestId });
    const retried = await decide('retry', 'decision-1');
    assert.ok(!retried.ok && retried.failure.code === 'not-in-state');
    assert.equal(must(await decide('abort', 'decision-2')).status, 'aborted');
    assert.equal(must(await decide('abort', 'decision-2')).status, 'aborted');
    assert.match((await summary(run))[0]?.message ?? '', /never started, cancelled: admin cancelled it: not tonight/);
    await eventually(() => toldOf(run).some(({ kind }) => kind === 'cancelled'), 'it is told', 30_000);
  });

  it('does not start what is no longer what was agreed to', async () => {
    const run = await schedule('put-off-3', 8_000);
    await apply('limits: { settle: 7s }\n');
    await eventually(async () => (await shown(run)).status === 'aborted', 'it is cancelled', 60_000);
    assert.match((await shown(run)).message, /another one than the one that was agreed to/);
    await eventually(() => toldOf(run).some(({ kind }) => kind === 'cancelled'), 'it is told', 30_000);
    await apply();
  });

  it('is refused for a time at which the window is closed', async () => {
    const today = new Date().getUTCDay();
    const days = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'].filter((_, day) => (today + 3) % 7 === day);
    await apply(`window: { days: [${days.join()}], from: '01:00', to: '05:00', timezone: UTC }\n`);
    const parametersJson = JSON.stringify({ toVersion: '8.7.0', release });
    const plan = { plan: 'upgrade', cluster: 'lab', parametersJson };
    const { hash: planHash } = must(await client.call<PlanDocument>('compilePlan', plan, 60_000));
    const at = new Date(Date.now() + 3_600_000).toISOString().replace(/\.\d+Z$/, 'Z');
    const request = { plan, planHash, requestId: 'put-off-4', change: '', reason: '', at };
    const scheduled = await client.call('scheduleRun', request, 60_000);
    assert.ok(!scheduled.ok && scheduled.failure.code === 'bad-input');
    assert.match(scheduled.failure.message, /window is closed, opens next/);
  });
});
