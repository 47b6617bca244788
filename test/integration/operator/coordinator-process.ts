// A real coordinator: `baton init` and `baton coordinator` as processes in a folder of their own.
import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { endpointOf } from '../../../coordinator/cli/address.ts';
import { connectOperator, type OperatorClient } from '../../../coordinator/cli/client.ts';
import type { ExternalNats } from '../../../coordinator/config/coordinator-config.ts';
import { type Initialized, initCoordinator } from '../../../coordinator/daemon/init.ts';
import type { HostPort } from '../../../shared/host-port.ts';
import { eventually, must, natsServer } from '../bus/test-bus.ts';

const main = resolve(import.meta.dirname, '../../../coordinator/main.ts');

export interface CoordinatorProcess {
  folder: string;
  configPath: string;
  socketPath: string;
  address: HostPort;
  initialized: Initialized;
  /** As agents pin it. */
  authority: { certificate: string };
  process: ChildProcess;
  /** All that it has logged. */
  log(): string;
  start(): Promise<void>;
  /** Ends it with a signal; gives its exit status, or the signal that killed it. */
  end(signal: NodeJS.Signals): Promise<number | NodeJS.Signals | null>;
  /** A client on the socket, or from afar with the first operator's certificate. */
  client(from?: 'socket' | 'afar'): OperatorClient;
  remove(): Promise<void>;
}

export interface CoordinatorSetup {
  name?: string;
  nats?: ExternalNats;
  authorityFrom?: string;
  /** Another script than the command, with options of Node before it. */
  program?: string[];
}

/** Sets a coordinator up and starts it, on an embedded bus or on an external one, where it may have to stand by. */
export async function startCoordinator(setup: CoordinatorSetup = {}): Promise<CoordinatorProcess> {
  const { name, nats, authorityFrom, program = [main] } = setup;
  const folder = await mkdtemp(join(tmpdir(), 'baton-test-coordinator-'));
  const address = { host: '127.0.0.1', port: await freePort() };
  const configPath = join(folder, 'coordinator.yaml');
  const socketPath = join(folder, 'operator.sock');
  const initialized = must(
    await initCoordinator({
      configPath,
      stateDirectory: join(folder, 'state'),
      socketPath,
      listen: `127.0.0.1:${address.port}`,
      ...(nats === undefined ? { natsProgram: await natsServer() } : { nats }),
      ...(authorityFrom === undefined ? {} : { authorityFrom }),
    }),
  );
  if (name !== undefined) await writeFile(configPath, `name: ${name}\n${await readFile(configPath, 'utf8')}`);
  const clients: OperatorClient[] = [];
  let output = '';
  const coordinator: CoordinatorProcess = {
    folder,
    configPath,
    socketPath,
    address,
    initialized,
    authority: { certificate: await readFile(join(folder, 'state/authority/ca.pem'), 'utf8') },
    process: undefined as never,
    log: () => output,
    async start() {
      const from = output.length;
      coordinator.process = spawn(process.execPath, [...program, 'coordinator', '--config', configPath], {
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      coordinator.process.stderr?.on('data', (chunk: Buffer) => {
        output += chunk.toString();
      });
      await eventually(
        () => / (ready|standing by) /.test(output.slice(from)) || coordinator.process.exitCode !== null,
        'the coordinator is ready',
        30_000,
      );
      if (coordinator.process.exitCode !== null) throw new Error(`the coordinator ended: ${output}`);
    },
    async end(signal) {
      const { process: child } = coordinator;
      if (child.exitCode !== null || child.signalCode !== null) return child.exitCode ?? child.signalCode;
      const ended = new Promise<number | NodeJS.Signals | null>((done) =>
        child.once('exit', (code, by) => done(code ?? by)),
      );
      child.kill(signal);
      return await ended;
    },
    client(from = 'socket') {
      // On the socket, root’s identity is found by itself.
      const flags =
        from === 'socket'
          ? { address: `unix:${socketPath}` }
          : { address: `127.0.0.1:${address.port}`, identity: initialized.identity };
      const client = connectOperator(must(endpointOf(flags, {})));
      clients.push(client);
      return client;
    },
    async remove() {
      for (const client of clients) client.close();
      coordinator.process.kill('SIGCONT');
      await coordinator.end('SIGTERM');
      await rm(folder, { recursive: true, force: true });
    },
  };
  await coordinator.start();
  return coordinator;
}

export async function freePort(): Promise<number> {
  for (;;) {
    // Below the ports that the system gives to whoever connects, of which other tests use thousands meanwhile.
    const port = randomInt(20_000, 32_000);
    if (givenPorts.has(port)) continue;
    givenPorts.add(port);
    if (await isFree(port)) return port;
  }
}

const givenPorts = new Set<number>();

function isFree(port: number): Promise<boolean> {
  return new Promise((done) => {
    const server = createServer();
    server.once('error', () => done(false));
    server.listen(port, '127.0.0.1', () => server.close(() => done(true)));
  });
}
