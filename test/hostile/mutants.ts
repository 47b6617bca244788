// A process that sends mutated messages over the streams of joined nodes: `node mutants.ts`, told what on standard input.
// Prints how many it has sent and how many streams that took.
import { text } from 'node:stream/consumers';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { ChannelCredentials, Client } from '@grpc/grpc-js';
import { FromAgentSchema } from '../../shared/gen/baton/v1/fleet_pb.ts';
import type { HostPort } from '../../shared/host-port.ts';
import { channelOptions } from '../../shared/rpc/service.ts';
import type { Credentials } from '../../shared/security/certificates.ts';
import { mutatedFromAgent, type Random, randomFrom } from './mutate.ts';

export interface MutantOrders {
  address: HostPort;
  authority: string;
  nodes: Credentials[];
  /** In all. */
  count: number;
  seed: number;
}
export interface MutantResult {
  sent: number;
  streams: number;
}

const hello = toBinary(
  FromAgentSchema,
  create(FromAgentSchema, { kind: { case: 'hello', value: { ledgerGeneration: 'g1', ledgerCounter: 1e15 } } }),
);

/** One that may end its stream is left out mostly: each costs a connection. */
function nextMutant(random: Random): Uint8Array {
  for (;;) {
    const { bytes, isReadable } = mutatedFromAgent(random);
    const kind = isReadable ? fromBinary(FromAgentSchema, bytes).kind.case : undefined;
    if ((isReadable && kind !== 'hello' && kind !== 'heartbeat') || random() < 0.01) return bytes;
  }
}

async function send(orders: MutantOrders): Promise<MutantResult> {
  const result: MutantResult = { sent: 0, streams: 0 };
  const isEnough = () => result.sent >= orders.count;
  const stream = (own: Credentials, random: Random): Promise<void> =>
    new Promise((resolve) => {
      result.streams += 1;
      const [ca, key, certificate] = [orders.authority, own.key, own.certificate].map((pem) => Buffer.from(pem));
      const credentials = ChannelCredentials.createSsl(ca, key, certificate);
      const client = new Client(`127.0.0.1:${orders.address.port}`, credentials, {
        ...channelOptions,
        'grpc.use_local_subchannel_pool': 1,
      });
      const same = (bytes: Buffer) => bytes;
      const call = client.makeBidiStreamRequest('/baton.v1.Fleet/Connect', same, same);
      const end = () => {
        client.close();
        resolve();
      };
      let isOpen = true;
      call.on('error', () => undefined);
      call.on('status', () => {
        isOpen = false;
        end();
      });
      const go = () => {
        while (isOpen && !isEnough()) {
          result.sent += 1;
          if (!call.write(Buffer.from(nextMutant(random)))) return;
        }
        if (isEnough()) call.cancel();
      };
      call.on('drain', go);
      call.once('data', go);
      call.resume();
      call.write(Buffer.from(hello));
    });
  await Promise.all(
    orders.nodes.map(async (own, index) => {
      const random = randomFrom(orders.seed + index);
      while (!isEnough()) {
        await stream(own, random);
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
    }),
  );
  return result;
}

if (import.meta.main)
  process.stdout.write(JSON.stringify(await send(JSON.parse(await text(process.stdin)) as MutantOrders)));
