// Three nats-servers with JetStream as an operator would run them: a cluster on loopback, TLS, credentials.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect, credsAuthenticator, type NatsConnection } from '@nats-io/transport-node';
import { type Bus, connectBus } from '../../../coordinator/bus/bus.ts';
import type { ExternalNats } from '../../../coordinator/config/coordinator-config.ts';
import { createAuthority, issueServerCredentials } from '../../../shared/security/certificates.ts';
import { eventually, must, natsServer } from '../bus/test-bus.ts';
import { freePort } from '../operator/coordinator-process.ts';
import { makeAccounts } from './nats-credentials.ts';

export interface NatsCluster {
  /** As coordinator.yaml names it. */
  nats: ExternalNats;
  /** A connection of the test's own. */
  bus: Bus;
  /** kill -9 of one of the servers, 0 to 2. */
  kill(index: number): Promise<void>;
  /** Starts it again on its store. */
  start(index: number): void;
  stop(): Promise<void>;
}

/** Of a start that succeeds a busy machine takes 10 s; one that has gone wrong never comes right. */
const startWithinMs = 30_000;
const startsMax = 4;
/** One that asks too early is never answered. */
const probeTimeoutMs = 2_000;

/** Starts the cluster; every stream on it has three copies. */
export async function startNatsCluster(): Promise<NatsCluster> {
  // Now and then new servers elect a leader that knows of no peers (`no suitable peers for placement`) and stay so:
  // their own race, which an operator would end as this does.
  for (let number = 1; ; number += 1) {
    try {
      return await startServers();
    } catch (error) {
      if (number === startsMax) throw error;
    }
  }
}

async function startServers(): Promise<NatsCluster> {
  const program = await natsServer();
  const folder = await mkdtemp(join(tmpdir(), 'baton-test-cluster-'));
  const authority = await createAuthority('NATS', Date.now());
  const server = await issueServerCredentials(authority, ['127.0.0.1', 'localhost'], Date.now());
  const accounts = makeAccounts();
  const file = (name: string) => join(folder, name);
  await writeFile(file('ca.pem'), authority.certificate);
  await writeFile(file('cert.pem'), server.certificate);
  await writeFile(file('key.pem'), server.key, { mode: 0o600 });
  await writeFile(file('baton.creds'), accounts.credentials, { mode: 0o600 });

  const ports = await Promise.all([0, 1, 2].map(async () => ({ client: await freePort(), cluster: await freePort() })));
  const routes = ports.map(({ cluster }) => `nats://127.0.0.1:${cluster}`);
  const servers: ChildProcess[] = [];
  const start = (index: number): void => {
    servers[index] = spawn(program, ['-c', file(`${index}.conf`), '-l', file(`${index}.log`)], { stdio: 'ignore' });
  };
  for (const [index, { client, cluster }] of ports.entries()) {
    await writeFile(
      file(`${index}.conf`),
      `
server_name: nats${index}
listen: "127.0.0.1:${client}"
tls { cert_file: ${JSON.stringify(file('cert.pem'))}, key_file: ${JSON.stringify(file('key.pem'))} }
jetstream { store_dir: ${JSON.stringify(file(String(index)))}, sync_interval: always }
cluster { name: baton, no_advertise: true, pool_size: -1, listen: "127.0.0.1:${cluster}", routes: ${JSON.stringify(routes.filter((_, other) => other !== index))} }
${accounts.configuration}`,
      { mode: 0o600 },
    );
    start(index);
  }
  const nats: ExternalNats = {
    url: ports.map(({ client }) => `tls://127.0.0.1:${client}`).join(','),
    credentialsFile: file('baton.creds'),
    authorityFile: file('ca.pem'),
  };
  const end = async (child: ChildProcess | undefined): Promise<void> => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((done) => child.once('exit', done));
    child.kill('SIGKILL');
    await ended;
  };
  const remove = async (): Promise<void> => {
    await Promise.all(servers.map(end));
    await rm(folder, { recursive: true, force: true });
  };

  let why = 'nothing was tried';
  /** Connected is not enough: the servers elect among themselves before they take streams. */
  const takesStreams = async (): Promise<boolean> => {
    const servers = nats.url.split(',');
    const authenticator = credsAuthenticator(new TextEncoder().encode(accounts.credentials));
    const tls = { caFile: file('ca.pem') };
    let connection: NatsConnection | undefined;
    try {
      connection = await connect({ servers, authenticator, tls, timeout: probeTimeoutMs });
      const manager = await jetstreamManager(connection, { timeout: probeTimeoutMs });
      await manager.streams.add({ name: 'PROBE', num_replicas: 3 });
      return true;
    } catch (error) {
      why = String(error);
      return false;
    } finally {
      await connection?.close();
    }
  };
  try {
    await eventually(takesStreams, 'the NATS cluster takes streams', startWithinMs);
  } catch (error) {
    const logs = await Promise.all([0, 1, 2].map((index) => readFile(file(`${index}.log`), 'utf8').catch(String)));
    await remove();
    throw new Error([`${(error as Error).message}: ${why}`, ...logs.map((log) => log.slice(-2_000))].join('\n'));
  }
  const bus = must(await connectBus(nats, { replicas: 3 }));
  return {
    nats,
    bus,
    kill: (index) => end(servers[index]),
    start,
    async stop() {
      await bus.close();
      await remove();
    },
  };
}
