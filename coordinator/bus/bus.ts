// The connection to NATS, embedded or external. Nothing of Baton's meaning is here.
import { readFile } from 'node:fs/promises';
import { type JetStreamClient, type JetStreamManager, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { type KV, Kvm, type KvOptions } from '@nats-io/kv';
import { connect, credsAuthenticator, type NatsConnection } from '@nats-io/transport-node';
import { ok, type Result } from '../../shared/failures.ts';
import { busFailure } from './failure.ts';

export interface BusAddress {
  /** nats://host:port or tls://host:port, several with commas. */
  url: string;
  user?: string;
  password?: string;
  /** A NATS credentials file, for an external cluster. */
  credentialsFile?: string;
  /** PEM of the authority that signed the server's certificate. */
  authorityFile?: string;
}

/** `keys`: also those that were removed, perhaps. */
export type Table = Omit<KV, 'keys'> & { keys(): Promise<AsyncIterable<string>> };

export interface Bus {
  nc: NatsConnection;
  js: JetStreamClient;
  jsm: JetStreamManager;
  /** Opens a table, made when it is not there. */
  openKv(name: string, options: Partial<KvOptions>): Promise<Table>;
  /** How many copies of each stream: 1 embedded, 3 or 5 on an external cluster. */
  replicas: number;
  close(): Promise<void>;
}

/** How long a request to the bus may take; a synced write on a slow disk must fit in. */
const requestTimeoutMs = 10_000;

/** Connects; goes on trying to reconnect for ever afterwards. Fails with `unreachable` or `unauthorized`. */
export async function connectBus(address: BusAddress, options: { replicas?: number } = {}): Promise<Result<Bus>> {
  let nc: NatsConnection | undefined;
  try {
    const connection = await connect({
      servers: address.url.split(','),
      ...(address.user === undefined ? {} : { user: address.user, pass: address.password ?? '' }),
      ...(address.credentialsFile === undefined
        ? {}
        : { authenticator: credsAuthenticator(await readFile(address.credentialsFile)) }),
      ...(address.authorityFile === undefined ? {} : { tls: { caFile: address.authorityFile } }),
      name: 'baton-coordinator',
      maxReconnectAttempts: -1,
      reconnectTimeWait: 250,
      timeout: 5_000,
      // A server whose machine is gone is left for another within seconds.
      pingInterval: 3_000,
      maxPingOut: 2,
    });
    nc = connection;
    const js = jetstream(connection, { timeout: requestTimeoutMs });
    const jsm = await jetstreamManager(connection, { timeout: requestTimeoutMs });
    return ok({
      nc: connection,
      js,
      jsm,
      async openKv(name, given) {
        const table = await new Kvm(js).create(name, given);
        return Object.assign(table as Omit<KV, 'keys'>, { keys: async () => keysOf(jsm, name) });
      },
      replicas: options.replicas ?? 1,
      async close() {
        if (!connection.isClosed()) await connection.close();
      },
    });
  } catch (error) {
    // It would go on trying for ever.
    await nc?.close();
    return { ok: false, failure: busFailure(error, `the bus at ${address.url}`) };
  }
}

/** Without a consumer, which the server would have to store: a table is listed on a full disk as well. */
async function* keysOf(jsm: JetStreamManager, name: string): AsyncGenerator<string> {
  const { state } = await jsm.streams.info(`KV_${name}`, { subjects_filter: '>' });
  for (const subject of Object.keys(state.subjects ?? {})) yield subject.slice(`$KV.${name}.`.length);
}
