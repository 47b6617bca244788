// Thousands of mutated requests to join and to fetch an installer, through gRPC to the services: nothing breaks, nothing is
// forged, nobody joins under another name than the token's, and nothing is fetched but what was granted. Without the
// port's limits, which would let only some of them through each second.
import assert from 'node:assert/strict';
import { create, fromBinary } from '@bufbuild/protobuf';
import {
  Client,
  credentials,
  Server,
  ServerCredentials,
  ServerInterceptingCall,
  type ServerInterceptor,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import { setCaller } from '../../../coordinator/access/caller.ts';
import { forgedText } from '../../../coordinator/fleet/restored-ledger.ts';
import { enrolmentService, fleetService } from '../../../coordinator/fleet/services.ts';
import {
  Enrolment,
  FetchRequestSchema,
  Fleet,
  JoinAnswerSchema,
  JoinRequestSchema,
} from '../../../shared/gen/baton/v1/fleet_pb.ts';
import { sha256Hex } from '../../../shared/hash.ts';
import { createLog } from '../../../shared/log.ts';
import { serviceDefinition } from '../../../shared/rpc/service.ts';
import { createSigningRequest } from '../../../shared/security/certificates.ts';
import { identityOf } from '../../../shared/security/identity.ts';
import { mutated, randomFrom } from '../../hostile/mutate.ts';
import { type Fixture, must, startFixture } from '../fleet/fleet-fixture.ts';

const log = createLog('test');
log.silent = true;

const count = 3_000;
const atOnce = 20;
const seed = Number(process.env.FC_SEED ?? 20_261_122);

describe('mutated requests', function () {
  this.timeout(120_000);
  let fixture: Fixture;
  let server: Server;
  let client: Client;
  let calls = 0;

  /** Each from an address of its own, so that guessing is not what ends it. */
  const identify: ServerInterceptor = (_method, call) =>
    new ServerInterceptingCall(call, {
      start(next) {
        next({
          onReceiveMetadata(metadata, pass) {
            calls += 1;
            const from = `10.${calls >> 16}.${(calls >> 8) & 255}.${calls & 255}:1`;
            setCaller(metadata, { kind: 'node', name: 'n1', serial: 's', from });
            pass(metadata);
          },
        });
      },
    });

  before(async () => {
    fixture = await startFixture();
    await fixture.join('n1');
    const { enrolment, hub, releases, tables, clock, authority } = fixture;
    server = new Server({ interceptors: [identify] });
    const join = enrolmentService({ enrolment, authority: authority.certificate, coordinators: () => ['c:1'] });
    server.addService(serviceDefinition(Enrolment), join);
    server.addService(serviceDefinition(Fleet), fleetService({ hub, releases, tables, clock, log }));
    const port = await new Promise<number>((resolve, reject) =>
      server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
        error ? reject(error) : resolve(bound),
      ),
    );
    client = new Client(`127.0.0.1:${port}`, credentials.createInsecure());
  });
  after(async () => {
    client.close();
    server.forceShutdown();
    await fixture.stop();
  });

  const same = (bytes: Buffer) => bytes;
  const inBatches = async (ask: () => Promise<void>, prepare = async (): Promise<void> => undefined) => {
    for (let asked = 0; asked < count; asked += atOnce) {
      await prepare();
      await Promise.all(Array.from({ length: atOnce }, ask));
    }
  };
  /** What an honest refusal may be; a bug is told as internal, and so is what cannot be decoded. */
  const judge = (error: Pick<ServiceError, 'code' | 'details'>, isReadable: boolean) => {
    const isWell = ![status.INTERNAL, status.UNKNOWN, status.UNAVAILABLE].includes(error.code);
    assert.ok(isReadable ? isWell : error.code === status.INTERNAL, `${error.code} ${error.details}`);
    assert.ok(!isReadable || !forgedText(error.details), JSON.stringify(error.details));
  };

  it(`to join let nobody in who has no token of that name (seed ${seed})`, async () => {
    const random = randomFrom(seed);
    const { request } = await createSigningRequest('m1');
    let token = '';
    // A mutant may use it up.
    const addToken = async () => {
      token = must(await fixture.enrolment.addNode('m1', 'standby', 'ann')).token;
    };
    let joined = 0;
    let refused = 0;
    await inBatches(async () => {
      const valid = create(JoinRequestSchema, { token, name: 'm1', signingRequest: request });
      const { bytes, isReadable } = mutated(JoinRequestSchema, random, valid);
      const answer = await new Promise<ServiceError | Buffer>((resolve) =>
        client.makeUnaryRequest('/baton.v1.Enrolment/Join', same, same, Buffer.from(bytes), (error, told) =>
          resolve(error ?? (told as Buffer)),
        ),
      );
      if (answer instanceof Error) {
        refused += 1;
        return judge(answer, isReadable);
      }
      joined += 1;
      const asked = fromBinary(JoinRequestSchema, bytes);
      assert.equal(`${asked.name} ${asked.token}`, `m1 ${token}`);
      const { node, certificate } = fromBinary(JoinAnswerSchema, answer);
      assert.equal(node, 'm1');
      const identity = identityOf(Buffer.from(certificate), fixture.authority.certificate, fixture.clock.nowMs());
      assert.ok(typeof identity === 'object' && identity.kind === 'node' && identity.name === 'm1');
    }, addToken);
    assert.ok(refused > count / 2, `${refused} refused, ${joined} joined`);
    assert.deepEqual(
      must(await fixture.tables.nodes.list()).map(({ key }) => key),
      ['m1', 'n1'],
    );
    for (const { who, what, detail } of await fixture.audited())
      assert.ok(![who, what, detail].some(forgedText), JSON.stringify(detail));
  });

  it(`to fetch bring nothing but what was granted (seed ${seed})`, async () => {
    const random = randomFrom(seed + 1);
    const contents = [Buffer.alloc(5_000, 'granted'), Buffer.alloc(5_000, 'another')];
    const [granted = '', another = ''] = contents.map((content) => sha256Hex(content));
    for (const content of contents) {
      const name = `Release_V8${contents.indexOf(content)}0`;
      async function* data(): AsyncGenerator<Uint8Array> {
        yield content;
      }
      must(await fixture.releases.add({ name, sha256: sha256Hex(content), sizeBytes: content.length, data: data() }));
    }
    await fixture.askToStage('n1', granted);
    let fetched = 0;
    await inBatches(async () => {
      const sha256 = random() < 0.5 ? granted : another;
      const valid = create(FetchRequestSchema, { sha256, offsetBytes: Math.floor(random() * 6_000) });
      const { bytes, isReadable } = mutated(FetchRequestSchema, random, valid);
      const pieces: Buffer[] = [];
      const call = client.makeServerStreamRequest('/baton.v1.Fleet/FetchRelease', same, same, Buffer.from(bytes));
      call.on('data', (piece: Buffer) => pieces.push(piece));
      call.on('error', () => undefined);
      const told = await new Promise<{ code: status; details: string }>((resolve) => call.once('status', resolve));
      if (told.code !== status.OK) return judge(told, isReadable);
      const asked = fromBinary(FetchRequestSchema, bytes);
      assert.equal(asked.sha256, granted);
      assert.ok(!Buffer.concat(pieces).includes('another'));
      fetched += 1;
    });
    assert.ok(fetched > 0, 'some are still right');
  });
});
