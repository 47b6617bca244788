// Who may make which call, through both doors: every identity and every call of every service. A call that is new and has
// no row here fails.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create, type DescMethod } from '@bufbuild/protobuf';
import { type Client, status } from '@grpc/grpc-js';
import { type OperatorRole, operatorRoles } from '../../../coordinator/access/roles.ts';
import { openOperatorSocket } from '../../../coordinator/daemon/operator-socket.ts';
import { file_baton_v1_fleet } from '../../../shared/gen/baton/v1/fleet_pb.ts';
import { file_baton_v1_operator } from '../../../shared/gen/baton/v1/operator_pb.ts';
import { sha256Hex } from '../../../shared/hash.ts';
import { createLog } from '../../../shared/log.ts';
import { serviceDefinition } from '../../../shared/rpc/service.ts';
import {
  type Credentials,
  createAuthority,
  createSigningRequest,
  issueClientCredentials,
  issueServerCredentials,
} from '../../../shared/security/certificates.ts';
import { eventually, type Fixture, must, startFixture, TestClient } from '../fleet/fleet-fixture.ts';
import { operatorStub } from '../fleet/operator-stub.ts';

const identities = [
  'nobody',
  'self-signed node',
  'node of another authority',
  'operator of another authority',
  'expired node',
  'expired operator',
  'revoked node',
  'revoked operator',
  'the coordinator itself',
  'node that never joined',
  'node',
  'operator that nobody has added',
  ...operatorRoles,
  ...operatorRoles.map((role) => `${role} on the socket` as const),
  'nobody on the socket',
  'node on the socket',
  'revoked operator on the socket',
] as const;
type Identity = (typeof identities)[number];

const isOnSocket = (identity: Identity): boolean => identity.endsWith(' on the socket');
const everybody = identities.filter((identity) => !isOnSocket(identity));
/** The status of a call that may not be made; OK stands for one that may. */
type Row = Partial<Record<Identity, status>>;
const allow = (...allowed: Identity[]): Row => Object.fromEntries(allowed.map((identity) => [identity, status.OK]));
const forRoles = (...roles: OperatorRole[]): Row =>
  allow(...roles, ...roles.map((role) => `${role} on the socket` as const));
const forAll = forRoles(...operatorRoles);
const forOperators = forRoles('operator', 'admin');
const forAdmins = forRoles('admin');

const matrix: Record<string, Row> = {
  'Enrolment.Join': allow(...everybody),
  'Fleet.Connect': { ...allow('node'), 'node that never joined': status.NOT_FOUND },
  'Fleet.FetchRelease': allow('node'),
  'Operator.GetVersion': forAll,
  'Operator.AddNode': forAdmins,
  'Operator.ListNodes': forAll,
  'Operator.RevokeNode': forAdmins,
  'Operator.ApplyCluster': forAdmins,
  'Operator.ShowCluster': forAll,
  'Operator.ListClusters': forAll,
  'Operator.Check': forAll,
  'Operator.UploadRelease': forOperators,
  'Operator.CompilePlan': forAll,
  'Operator.StartRun': forOperators,
  'Operator.ScheduleRun': forOperators,
  'Operator.ListRuns': forAll,
  'Operator.ShowRun': forAll,
  'Operator.WatchRun': forAll,
  'Operator.DecideRun': forRoles('operator', 'approver', 'admin'),
  'Operator.ReadRunLogs': forAll,
  'Operator.ExportRun': forAll,
  'Operator.GetReport': forAll,
  'Operator.ShowFailover': forAll,
  'Operator.ListBackups': forAll,
  'Operator.TestNotice': forOperators,
  'Operator.AddOperator': forAdmins,
  'Operator.ListOperators': forAll,
  'Operator.ChangeOperator': forAdmins,
  'Operator.RevokeOperator': forAdmins,
  'Operator.TakeProbe': forOperators,
  'Operator.ListProbes': forAll,
  'Operator.AddSchedule': forOperators,
  'Operator.ListSchedules': forAll,
  'Operator.RemoveSchedule': forOperators,
  'Operator.ReadAudit': forAll,
  'Operator.VerifyAudit': forAll,
};
/** On the socket there is no service but the operator's. */
const otherwise = (identity: Identity, { parent }: DescMethod): status =>
  isOnSocket(identity) && parent.name !== 'Operator' ? status.UNIMPLEMENTED : status.UNAUTHENTICATED;

const services = [...file_baton_v1_fleet.services, ...file_baton_v1_operator.services];
const methods = services.flatMap((service) => service.methods);
const nameOf = (method: DescMethod) => `${method.parent.name}.${method.name}`;

describe('the matrix of who may call what', () => {
  const content = Buffer.from('an installer');
  let fixture: Fixture;
  let folder: string;
  let socket: { close(): Promise<void> };
  let joined = 0;
  const certificates: Partial<Record<Identity, Credentials>> = {};

  before(async () => {
    fixture = await startFixture();
    const { authority } = fixture;
    const now = Date.now();
    const longAgo = now - 400 * 86_400_000;
    const other = await createAuthority('test', now);
    const revokedOperator = await fixture.operator('bob', 'admin');
    certificates.node = await fixture.join('n1');
    certificates['revoked node'] = await fixture.join('n2');
    certificates['revoked operator'] = revokedOperator;
    certificates['self-signed node'] = await createAuthority('n1', now);
    certificates['node of another authority'] = await issueClientCredentials(other, 'node', 'n1', now);
    certificates['operator of another authority'] = await issueClientCredentials(other, 'operator', 'alice', now);
    certificates['expired node'] = await issueClientCredentials(authority, 'node', 'n1', longAgo);
    certificates['expired operator'] = await issueClientCredentials(authority, 'operator', 'alice', longAgo);
    certificates['the coordinator itself'] = await issueServerCredentials(authority, ['127.0.0.1'], now);
    certificates['node that never joined'] = await issueClientCredentials(authority, 'node', 'n9', now);
    certificates['operator that nobody has added'] = await issueClientCredentials(authority, 'operator', 'carl', now);
    for (const role of operatorRoles) certificates[role] = await fixture.operator(`${role}-1`, role);
    must(await fixture.enrolment.revoke('n2', 'alice'));
    const revoked = { kind: 'operator', name: 'bob', atMs: now, by: 'alice' } as const;
    must(await fixture.tables.revoked.create(revokedOperator.serial, revoked));

    const sha256 = sha256Hex(content);
    const upload = { name: 'MotadataServiceOpsCommonUpgrade_V870', sha256, sizeBytes: content.length };
    must(
      await fixture.releases.add({
        ...upload,
        data: (async function* () {
          yield content;
        })(),
      }),
    );

    folder = await mkdtemp(join(tmpdir(), 'baton-test-matrix-'));
    const log = createLog('test');
    log.silent = true;
    const path = join(folder, 'operator.sock');
    const { revocations, operators, audit, clock } = fixture;
    const parts = { authority, revocations, operators, audit, clock, log };
    socket = must(await openOperatorSocket({ ...parts, path, group: 'baton', operator: operatorStub() }));
    const revokedClient = new TestClient(fixture, revokedOperator);
    await eventually(
      async () => (await callWith(revokedClient.client, methodCalled('Operator.GetVersion'))) !== status.OK,
      'bob is revoked',
    );
    revokedClient.close();
  });
  after(async () => {
    await socket.close();
    await fixture.stop();
    await rm(folder, { recursive: true });
  });

  const methodCalled = (name: string) => methods.find((method) => nameOf(method) === name) as DescMethod;

  const requestOf = async (method: DescMethod): Promise<Record<string, unknown>> => {
    switch (nameOf(method)) {
      case 'Enrolment.Join': {
        joined += 1;
        const name = `joins-${joined}`;
        const { token } = must(await fixture.enrolment.addNode(name, 'observer', 'alice'));
        return { token, name, signingRequest: (await createSigningRequest(name)).request };
      }
      case 'Fleet.Connect':
        return { kind: { case: 'hello', value: { ledgerGeneration: 'g1', ledgerCounter: 1 } } };
      case 'Fleet.FetchRelease':
        // Asked of n1: who has another certificate, or one that only looks like its own, gets nothing by that.
        await fixture.askToStage('n1', sha256Hex(content));
        return { sha256: sha256Hex(content) };
      default:
        return {};
    }
  };

  /** OK when a message came back, else the status. Every kind of call looks like this on the wire. */
  const callWith = async (client: Client, method: DescMethod): Promise<status> => {
    const definition = serviceDefinition(method.parent)[method.localName];
    if (definition === undefined) throw new Error(method.name);
    const request = create(method.input, await requestOf(method));
    return await new Promise((resolve) => {
      const { path, requestSerialize, responseDeserialize } = definition;
      const options = { deadline: Date.now() + 10_000 };
      const call = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize, options);
      call.on('data', () => {
        resolve(status.OK);
        call.cancel();
      });
      call.on('error', () => undefined);
      call.on('status', ({ code }: { code: status }) => resolve(code));
      call.write(request);
      if (nameOf(method) !== 'Fleet.Connect') call.end();
    });
  };
  const clientOf = (identity: Identity): { client: Client; close(): void } => {
    const own = certificates[identity.replace(/ on the socket$/, '') as Identity];
    return isOnSocket(identity)
      ? new TestClient(fixture, own, `unix:${join(folder, 'operator.sock')}`)
      : new TestClient(fixture, own);
  };

  it('has a row for every call of every service', () => {
    assert.deepEqual(methods.map(nameOf).sort(), Object.keys(matrix).sort());
    assert.equal(services.length, 3);
  });

  for (const identity of identities)
    it(`holds for: ${identity}`, async () => {
      const found: Record<string, string> = {};
      const expected: Record<string, string> = {};
      for (const method of methods) {
        // Strangers may not come so often; time passes here instead.
        fixture.clock.aheadMs += 5_000;
        const door = clientOf(identity);
        found[nameOf(method)] = status[await callWith(door.client, method)];
        door.close();
        expected[nameOf(method)] = status[matrix[nameOf(method)]?.[identity] ?? otherwise(identity, method)];
      }
      assert.deepEqual(found, expected);
    });
});
