// 20,000 mutated messages through decoding, hub and the mapping to the domain, in one process: nothing throws, nothing is
// forged, nothing is said of another node. `npm run bench:port` sends 100,000 over the wire.
import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { fromBinary } from '@bufbuild/protobuf';
import winston from 'winston';
import { createHub } from '../../../coordinator/fleet/hub.ts';
import { forgedText } from '../../../coordinator/fleet/restored-ledger.ts';
import { ok } from '../../../shared/failures.ts';
import { type FromAgent, FromAgentSchema } from '../../../shared/gen/baton/v1/fleet_pb.ts';
import { createLog } from '../../../shared/log.ts';
import { mutatedFromAgent, randomFrom } from '../../hostile/mutate.ts';
import { eventually, type Fixture, must, startFixture } from '../fleet/fleet-fixture.ts';

const count = 20_000;
/** Most of these are left out: each costs a new stream. */
const endsStream = ({ kind }: FromAgent): boolean =>
  kind.case === 'hello' || (kind.case === 'heartbeat' && forgedText(kind.value.runningKey));
const seed = Number(process.env.FC_SEED ?? 20_261_121);

describe('mutated messages of an agent', () => {
  let fixture: Fixture;
  before(async () => {
    fixture = await startFixture();
    for (const name of ['n1', 'n2']) await fixture.join(name);
  });
  after(() => fixture.stop());

  it(`harm nothing (seed ${seed})`, async function () {
    this.timeout(60_000);
    const lines: string[] = [];
    const log = createLog('test');
    log.clear();
    const stream = new Writable({
      write(chunk: Buffer, _encoding, done) {
        lines.push(chunk.toString());
        done();
      },
    });
    log.add(new winston.transports.Stream({ stream }));
    const { test, tables, clock, audit } = fixture;
    const hub = createHub({
      bus: test.bus,
      tables,
      clock,
      log,
      audit,
      coordinator: 'c1',
      epoch: 7,
      mayServe: async () => ok(undefined),
    });
    const nodes = new Set<string>();
    const stops = [
      fixture.fleet.onOutcome((node, key, outcome) => {
        nodes.add(node);
        assert.equal(JSON.parse(JSON.stringify(key)).run, key.run);
        assert.ok(['succeeded', 'failed', 'unknown', 'refused'].includes(outcome.verdict));
      }),
      fixture.fleet.onProgress((node) => nodes.add(node)),
    ];

    const random = randomFrom(seed);
    let heard = 0;
    let welcomed = 0;
    while (heard < count) {
      let isOpen = true;
      const agent = hub.open({
        node: 'n2',
        from: '127.0.0.1:1',
        put: ({ kind }) => {
          if (kind.case === 'welcome') welcomed += 1;
          return isOpen;
        },
        end: () => {
          isOpen = false;
        },
      });
      const welcomedBefore = welcomed;
      const hello = { agentVersion: '0.1.0', ledgerGeneration: 'g1', ledgerCounter: Number.MAX_SAFE_INTEGER };
      const said = fromBinary(FromAgentSchema, new Uint8Array());
      agent.hear({
        ...said,
        kind: {
          case: 'hello',
          value: { $typeName: 'baton.v1.Hello', bootId: '', highestEpoch: 0, heads: [], hold: false, ...hello },
        },
      });
      await eventually(() => welcomed > welcomedBefore || !isOpen, 'a welcome');
      // Whatever ends a stream early (a second hello, a forged heartbeat) is followed by a new one.
      for (let ofOne = 0; isOpen && heard < count && ofOne < 500; ofOne += 1) {
        const { bytes, isReadable } = mutatedFromAgent(random);
        const message = isReadable ? fromBinary(FromAgentSchema, bytes) : undefined;
        if (message !== undefined && endsStream(message) && random() < 0.95) continue;
        heard += 1;
        if (message) agent.hear(message);
      }
      agent.lost();
    }
    await hub.flush();
    await hub.close();
    await test.bus.nc.flush();
    for (const stop of stops) stop();

    assert.ok(welcomed > 10, `only ${welcomed} streams were welcomed`);
    assert.deepEqual([...nodes], ['n2']);
    assert.deepEqual(
      must(await tables.presence.list()).map(({ key }) => key),
      ['n2'],
    );
    assert.equal(must(await tables.nodes.get('n1'))?.value.ledger.counter, 0);
    assert.deepEqual(
      must(await tables.nodes.list())
        .map(({ key }) => key)
        .sort(),
      ['n1', 'n2'],
    );
    assert.ok(lines.length > 0 && lines.length < 100, `${lines.length} lines of log`);
    assert.deepEqual(
      lines.filter((line) => !/^\d{4}-\S+ (INFO|WARN) {1,2}test: [^\n]*\n$/.test(line)),
      [],
    );
  });
});
