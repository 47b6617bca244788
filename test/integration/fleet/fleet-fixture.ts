// A coordinator's agents' port with a real bus behind it, and clients of all kinds that knock at it.
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import type { ClientDuplexStream, Metadata } from '@grpc/grpc-js';
import { type Operators, openOperators } from '../../../coordinator/access/operators.ts';
import type { OperatorRole } from '../../../coordinator/access/roles.ts';
import { type Audit, openAudit } from '../../../coordinator/audit/audit.ts';
import type { AuditEvent } from '../../../coordinator/audit/event.ts';
import { readAudit } from '../../../coordinator/audit/read.ts';
import { openStore, type Store } from '../../../coordinator/bus/store.ts';
import { openAgentsPort } from '../../../coordinator/daemon/agents-port.ts';
import { createBusFleet } from '../../../coordinator/fleet/bus-fleet.ts';
import { createEnrolment, type Enrolment } from '../../../coordinator/fleet/enrolment.ts';
import type { Fleet as FleetOfNodes } from '../../../coordinator/fleet/fleet.ts';
import { createHub, type Hub } from '../../../coordinator/fleet/hub.ts';
import { noteGrants } from '../../../coordinator/fleet/release-grants.ts';
import { openRevocations, type Revocations } from '../../../coordinator/fleet/revocations.ts';
import { type FleetTables, openFleetTables } from '../../../coordinator/fleet/tables.ts';
import { mayServe as judgeEpoch, openEpochFloor } from '../../../coordinator/journal/epoch-floor.ts';
import {
  openReleaseStore,
  type ReleaseRecord,
  type ReleaseStore,
} from '../../../coordinator/releases/release-store.ts';
import { actionToWire } from '../../../shared/actions/wire.ts';
import { type Clock, systemClock } from '../../../shared/clock.ts';
import { ok } from '../../../shared/failures.ts';
import {
  type FromAgent,
  type FromAgentSchema,
  KeyStatus,
  type ToAgent,
  ToAgentSchema,
} from '../../../shared/gen/baton/v1/fleet_pb.ts';
import type { HostPort } from '../../../shared/host-port.ts';
import { createLog } from '../../../shared/log.ts';
import {
  type Credentials,
  createAuthority,
  createSigningRequest,
  issueClientCredentials,
} from '../../../shared/security/certificates.ts';
import { eventually, must, startTestBus, type TestBus } from '../bus/test-bus.ts';
import { operatorStub } from './operator-stub.ts';
import { type Door, endOf, refusal, TestClient } from './test-client.ts';

/** Real time, and as much more as the test says. */
export interface TestClock extends Clock {
  aheadMs: number;
}

export interface Fixture {
  test: TestBus;
  authority: Credentials;
  clock: TestClock;
  tables: FleetTables;
  enrolment: Enrolment;
  hub: Hub;
  fleet: FleetOfNodes;
  releases: ReleaseStore;
  releaseRecords: Store<ReleaseRecord>;
  releasesDirectory: string;
  operators: Operators;
  revocations: Revocations;
  audit: Audit;
  address: HostPort;
  /** Everything audited so far. */
  audited(): Promise<AuditEvent[]>;
  /** Notes that a run asks the node to stage an installer, as the command's way to the node does. */
  askToStage(node: string, sha256: string): Promise<void>;
  /** Credentials of an operator of whom it is known what he may do. */
  operator(name: string, role: OperatorRole): Promise<Credentials & { serial: string }>;
  /** Credentials of a node that has joined through the front door. */
  join(name: string): Promise<Credentials>;
  stop(): Promise<void>;
}

const log = createLog('test');
log.silent = true;

export async function startFixture(): Promise<Fixture> {
  const test = await startTestBus();
  const folder = await mkdtemp(join(tmpdir(), 'baton-test-fleet-'));
  const clock: TestClock = {
    aheadMs: 0,
    nowMs: () => systemClock.nowMs() + clock.aheadMs,
    monotonicMs: () => systemClock.monotonicMs() + clock.aheadMs,
    sleep: systemClock.sleep,
  };
  const { bus } = test;
  const authority = await createAuthority('test', clock.nowMs());
  const tables = must(await openFleetTables(bus));
  const operators = must(await openOperators(bus));
  const audit = must(await openAudit(bus, log, clock, operators.serialOf));
  const revocations = must(await openRevocations(tables.revoked));
  const enrolment = createEnrolment({ tables, revocations, authority, clock, audit });
  const epochs = { epoch: 7, floor: must(await openEpochFloor(bus)), newestEpoch: async () => ok(7) };
  const mayServe = (node: string, highest: number) => judgeEpoch(epochs, node, highest);
  const hub = createHub({ bus, tables, clock, log, audit, coordinator: 'c1', epoch: 7, mayServe });
  const releasesDirectory = join(folder, 'releases');
  const releaseRecords = must(await openStore<ReleaseRecord>(bus, 'releases'));
  const releases = must(await openReleaseStore(releasesDirectory, releaseRecords, 64 * 1024 * 1024));
  const operator = operatorStub();
  const listen = { host: '127.0.0.1', port: 0 };
  const port = must(
    await openAgentsPort({
      listen,
      advertise: listen,
      authority,
      revocations,
      operators,
      enrolment,
      tables,
      hub,
      releases,
      audit,
      operator,
      clock,
      log,
    }),
  );
  const fixture: Fixture = {
    test,
    authority,
    clock,
    tables,
    enrolment,
    hub,
    fleet: createBusFleet({ bus, tables, clock, log }),
    releases,
    releaseRecords,
    releasesDirectory,
    ...{ operators, revocations, audit },
    address: port.address,
    async audited() {
      await audit.flush();
      return must(await readAudit(bus, { countMax: 1000 }));
    },
    async askToStage(node, sha256) {
      const action = actionToWire({ kind: 'stageRelease', name: 'x', sha256, sizeBytes: 1 });
      const command = create(ToAgentSchema, { kind: { case: 'command', value: { action, timeoutMs: 60_000 } } });
      const granted = await noteGrants({ tables }, node, command);
      assert.ok(granted?.ok);
    },
    async operator(name, role) {
      const issued = await issueClientCredentials(authority, 'operator', name, clock.nowMs());
      const at = { issuedAtMs: clock.nowMs(), validToMs: clock.nowMs() + 86_400_000, revokedAtMs: 0 };
      const record = { name, role, serial: issued.serial, issuedBy: 'a test', ...at };
      must(await operators.change(name, () => ok(record)));
      return issued;
    },
    async join(name) {
      const { token } = must(await enrolment.addNode(name, 'master', 'alice'));
      const { request, key } = await createSigningRequest(name);
      const client = new TestClient(fixture);
      const joined = await client.join({ token, name, signingRequest: request });
      client.close();
      return { certificate: joined.certificate, key };
    },
    async stop() {
      await hub.close();
      port.close();
      revocations.stop();
      operators.stop();
      await audit.flush();
      await test.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
  return fixture;
}

/** A node's agent as the wire sees it: says hello, keeps what it hears, answers when told how. */
export class TestAgent {
  readonly heard: ToAgent[] = [];
  readonly ended: Promise<{ code: number; details: string }>;
  readonly client: TestClient;
  private readonly call: ReturnType<TestClient['connect']>;

  constructor(door: Door, own: Credentials, port?: number, metadata?: Metadata) {
    this.client = new TestClient(door, own, port);
    this.call = this.client.connect(metadata);
    this.ended = endOf(this.call as ClientDuplexStream<unknown, unknown>);
    this.call.on('data', (message: ToAgent) => {
      this.heard.push(message);
      // As every agent does before its welcome, when it is asked whether it is there.
      if (this.answersAsks && message.kind.case === 'ask' && this.of('welcome').length === 0)
        this.say({ case: 'keyState', value: { key: message.kind.value.key, status: KeyStatus.ABSENT } });
      this.onMessage(message);
    });
  }
  onMessage: (message: ToAgent) => void = () => undefined;
  /** False: one that said hello and has gone, which its coordinator does not know yet. */
  answersAsks = true;

  say(kind: MessageInitShape<typeof FromAgentSchema>['kind']): void {
    this.call.write({ kind } as FromAgent);
  }
  /** Says hello and waits for the welcome. */
  async hello(more: Record<string, unknown> = {}): Promise<void> {
    this.say({ case: 'hello', value: { agentVersion: '0.1.0', ledgerGeneration: 'g1', ledgerCounter: 1, ...more } });
    await eventually(() => this.of('welcome').length > 0, 'a welcome');
  }
  of<K extends string>(name: K): Extract<ToAgent['kind'], { case: K }>['value'][] {
    return this.heard
      .map(({ kind }) => kind)
      .filter((kind) => kind.case === name)
      .map((kind) => kind.value) as never;
  }
  close(): void {
    this.call.cancel();
    this.client.close();
  }
}

export { type Door, endOf, eventually, issueClientCredentials, must, refusal, TestClient };
