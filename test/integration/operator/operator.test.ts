import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { OperatorClient } from '../../../coordinator/cli/client.ts';
import { clusterTemplate } from '../../../coordinator/cluster/template.ts';
import type {
  CheckDocument,
  ClusterAppliedDocument,
  ClusterDocument,
  ClustersDocument,
  NodeAddedDocument,
  NodesDocument,
  PlanDocument,
  ReleaseDocument,
} from '../../../shared/documents.ts';
import type { FailureCode, Result } from '../../../shared/failures.ts';
import { sha256Hex } from '../../../shared/hash.ts';
import { createSigningRequest } from '../../../shared/security/certificates.ts';
import { eventually, must } from '../bus/test-bus.ts';
import { TestAgent, TestClient } from '../fleet/fleet-fixture.ts';
import { type CoordinatorProcess, startCoordinator } from './coordinator-process.ts';

const profile = {
  platform: 'debian',
  psql: '/usr/bin/psql',
  databaseUser: 'postgres',
  databaseSocket: '/var/run/postgresql',
  databasePort: 5432,
  releaseDirectory: '/var/lib/baton-agent/releases',
  outputDirectory: '/var/lib/baton-agent/output',
  databasePrograms: '/usr/lib/postgresql/{major}/bin',
  hooksDirectory: '/etc/baton/hooks',
  queriesDirectory: '/etc/baton/queries',
  haDirectory: '/opt/HA',
};

describe('what an operator asks', () => {
  let coordinator: CoordinatorProcess;
  let client: OperatorClient;
  const agents: TestAgent[] = [];
  const file = (name: string) => clusterTemplate(3, 'classic').replace(/^cluster: .*$/m, `cluster: ${name}`);
  const apply = (text: string, dryRun = false) =>
    client.call<ClusterAppliedDocument>('applyCluster', { fileName: 'lab.yaml', text, dryRun });
  const refused = (result: Result<unknown>, code: FailureCode, message: RegExp) => {
    assert.ok(!result.ok);
    assert.equal(result.failure.code, code);
    assert.match(result.failure.message, message);
  };

  before(async function () {
    this.timeout(60_000);
    coordinator = await startCoordinator();
    client = coordinator.client();
  });
  after(async () => {
    for (const agent of agents) agent.close();
    await coordinator.remove();
  });

  /** A node whose agent answers every reading with `answer`, or that it cannot. */
  const joinNode = async (name: string, role: string): Promise<TestAgent> => {
    const { token } = must(await client.call<NodeAddedDocument>('addNode', { name, role }));
    const { request, key } = await createSigningRequest(name);
    const knocking = new TestClient(coordinator);
    const { certificate } = await knocking.join({ token, name, signingRequest: request });
    knocking.close();
    const agent = new TestAgent(coordinator, { certificate, key });
    agents.push(agent);
    agent.onMessage = ({ kind }) => {
      if (kind.case !== 'read') return;
      const { id, action } = kind.value;
      const value =
        action?.kind.case === 'readVersion'
          ? { id, answer: { kind: { case: 'readVersion' as const, value: { version: '8.6.0' } } } }
          : { id, failure: { code: 'command-failed', message: `${name}: a test reads nothing` } };
      agent.say({ case: 'readAnswer', value });
    };
    await agent.hello({ profile });
    return agent;
  };
  const upload = (name: string, content: Buffer, sha256 = sha256Hex(content)) => {
    async function* parts() {
      yield { name, sha256, sizeBytes: content.length };
      for (let at = 0; at < content.length; at += 100_000) yield { data: content.subarray(at, at + 100_000) };
    }
    return client.uploadRelease<ReleaseDocument>(parts(), 20_000);
  };

  it('refuses a cluster file with file, line and column of what is wrong', async () => {
    refused(await apply('cluster: [\n'), 'bad-input', /^lab\.yaml:\d+:\d+: /);
    refused(await apply(file('../../etc')), 'bad-input', /lab\.yaml:\d+:\d+: cluster/);
    refused(await apply(''), 'bad-input', /lab\.yaml/);
    assert.deepEqual(must(await client.call<ClustersDocument>('listClusters', {})).clusters, []);
  });

  it('applies a cluster file, says what changes and who has not joined', async () => {
    const dry = must(await apply(file('lab'), true));
    assert.ok(dry.dryRun && dry.changed);
    assert.match(dry.warnings.join('\n'), /n1 has not joined yet: baton node add n1 --role master/);
    assert.deepEqual(must(await client.call<ClustersDocument>('listClusters', {})).clusters, []);
    assert.ok(must(await apply(file('lab'))).changed);
    assert.ok(!must(await apply(file('lab'))).changed);
    const [cluster] = must(await client.call<ClustersDocument>('listClusters', {})).clusters;
    assert.deepEqual(cluster?.nodes, ['n1', 'n2', 'n3']);
  });

  it('lets no node belong to two clusters', async () => {
    refused(await apply(file('other')), 'conflict', /n1 belongs to cluster lab/);
  });

  it('says which clusters there are when one is asked for that is not', async () => {
    for (const call of ['showCluster', 'showFailover'] as const)
      refused(await client.call(call, { cluster: 'nope' }), 'not-found', /there is no cluster "nope"; there are lab/);
  });

  it('compiles no plan for nodes that never joined', async () => {
    const compiled = await client.call('compilePlan', {
      plan: 'failover-suspend',
      cluster: 'lab',
      parametersJson: '{}',
    });
    refused(compiled, 'bad-input', /n1, n2, n3 never joined/);
  });

  it('shows nodes from joining to revocation', async () => {
    for (const [name, role] of [
      ['n1', 'master'],
      ['n2', 'standby'],
      ['n3', 'observer'],
      ['n4', 'standby'],
    ] as const)
      await joinNode(name, role);
    await eventually(async () => {
      const { nodes } = must(await client.call<NodesDocument>('listNodes', {}));
      return nodes.length === 4 && nodes.every(({ connected }) => connected);
    }, 'all connected');
    must(await client.call('revokeNode', { name: 'n4' }));
    const n4 = must(await client.call<NodesDocument>('listNodes', {})).nodes.at(-1);
    assert.deepEqual(
      { name: n4?.name, joined: n4?.joined, connected: n4?.connected, revoked: n4?.revoked },
      { name: 'n4', joined: false, connected: false, revoked: true },
    );
    refused(await client.call('revokeNode', { name: 'n9' }), 'not-found', /no node n9/);
  });

  it('shows what it cannot read as unknown', async () => {
    const shown = must(await client.call<ClusterDocument>('showCluster', { cluster: 'lab' }, 20_000));
    assert.deepEqual(
      shown.nodes.map(({ is, agent, version }) => ({ is, agent, version })),
      [
        { is: 'unknown', agent: 'connected', version: '8.6.0' },
        { is: 'unknown', agent: 'connected', version: '8.6.0' },
        { is: 'none', agent: 'connected', version: '' },
      ],
    );
    assert.equal(shown.failover.state, 'unknown');
    assert.equal(shown.portal.status, 0);
  });

  it('tells checks as they come, and never takes unknown for a pass', async () => {
    const documents: CheckDocument[] = [];
    const request = { cluster: 'lab', toVersion: '8.7.0' };
    must(await client.stream<CheckDocument>('check', request, (document) => void documents.push(document), 30_000));
    // As soon as there is one, then a few times a second.
    assert.ok(documents.length > 1 && (documents[0]?.checks.length ?? 0) > 0);
    assert.deepEqual(
      documents.map(({ complete }) => complete),
      [...documents.slice(1).map(() => false), true],
    );
    const last = documents.at(-1);
    assert.notEqual(last?.verdict, 'pass');
    assert.ok(last?.checks.some(({ verdict }) => verdict === 'unknown'));
    refused(await client.stream('check', { cluster: 'lab', toVersion: '-1' }, () => {}), 'bad-input', /no version/);
  });

  it('stores an installer by its sum and refuses one that is another', async () => {
    const content = randomBytes(2_500_000);
    const stored = must(await upload('MotadataServiceOpsCommonUpgrade_V870', content));
    assert.equal(stored.version, '8.7.0');
    refused(
      await upload('MotadataServiceOpsCommonUpgrade_V870', content, '0'.repeat(64)),
      'checksum-mismatch',
      /SHA-256/,
    );
    refused(await upload('../x', content), 'bad-input', /no plain file name/);
  });

  it('asks for no byte of an installer that it has', async () => {
    const content = randomBytes(500_000);
    const { name, sha256, sizeBytes } = must(await upload('MotadataServiceOpsCommonUpgrade_V870', content));
    const answered = Promise.withResolvers<void>();
    async function* parts() {
      yield { name, sha256, sizeBytes };
      await answered.promise;
    }
    const again = await client.uploadRelease<ReleaseDocument>(parts(), 10_000);
    answered.resolve();
    assert.equal(must(again).sha256, sha256);
  });

  it('starts no run of a plan that is another than the one that was seen, nor of an installer that is not there', async () => {
    const plan = { plan: 'failover-suspend', cluster: 'lab', parametersJson: '{}' };
    const compiled = must(await client.call<PlanDocument>('compilePlan', plan));
    const request = { plan, requestId: 'request-1', change: '', reason: '' };
    refused(
      await client.call('startRun', { ...request, planHash: 'f'.repeat(64) }),
      'conflict',
      /the plan has changed since you saw it/,
    );
    refused(await client.call('startRun', { ...request, planHash: compiled.hash, requestId: '' }), 'bad-input', /id/);

    const release = { name: 'MotadataServiceOpsCommonUpgrade_V870', sha256: 'a'.repeat(64), sizeBytes: 5 };
    const stage = { plan: 'stage', cluster: 'lab', parametersJson: JSON.stringify({ release }) };
    const staging = must(await client.call<PlanDocument>('compilePlan', stage));
    refused(
      await client.call('startRun', { ...request, plan: stage, planHash: staging.hash }),
      'not-found',
      /no installer with SHA-256/,
    );
    for (const parametersJson of ['{', '[]', '{"release":1}'])
      refused(await client.call('compilePlan', { ...stage, parametersJson }), 'bad-input', /parameters|release/);
  });

  it('starts one run for one request, also when the nodes have changed meanwhile', async () => {
    const content = randomBytes(1000);
    const { sha256, sizeBytes, name } = must(await upload('MotadataServiceOpsCommonUpgrade_V870', content));
    const plan = {
      plan: 'stage',
      cluster: 'lab',
      parametersJson: JSON.stringify({ release: { name, sha256, sizeBytes } }),
    };
    const { hash } = must(await client.call<PlanDocument>('compilePlan', plan));
    const request = { plan, planHash: hash, requestId: 'request-2', change: 'C1', reason: 'test' };
    const first = must(await client.call<{ run: string }>('startRun', request));
    const again = must(await client.call<{ run: string }>('startRun', { ...request, planHash: '' }));
    assert.equal(again.run, first.run);
    // Nothing can be read of these nodes: the run ends before the first change.
    await eventually(
      async () => {
        const shown = must(await client.call<{ status: string; operator: string }>('showRun', { run: first.run }));
        assert.equal(shown.operator, 'admin');
        return shown.status === 'failed';
      },
      'the run has failed',
      20_000,
    );
  });

  it('knows no run by a name that is none', async () => {
    for (const run of ['nope', '../x', 'a.b', '*', '', 'x'.repeat(100)]) {
      refused(await client.call('showRun', { run }), 'not-found', /no run/);
      refused(await client.call('getReport', { run }), 'not-found', /no run/);
      const decision = { run, decision: 'retry', reason: '', requestId: 'request-3' };
      refused(await client.call('decideRun', decision), 'not-found', /no run/);
      for (const stream of ['watchRun', 'readRunLogs', 'exportRun'] as const)
        refused(await client.stream(stream, { run }, () => {}, 10_000), 'not-found', /no run/);
    }
  });
});
