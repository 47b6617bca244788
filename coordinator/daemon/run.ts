// The coordinator's process: reads its configuration, starts its parts in order, listens when all are ready, and stops
// them in reverse when it is told to, when another coordinator leads, or when the bus is gone.
import { readFile } from 'node:fs/promises';
import { fail, ok, type Result } from '../../shared/failures.ts';
import { formatHostPort } from '../../shared/host-port.ts';
import { createLog, type Log } from '../../shared/log.ts';
import type { Credentials } from '../../shared/security/certificates.ts';
import { batonVersion } from '../../shared/version.ts';
import { connectBus } from '../bus/bus.ts';
import { type EmbeddedNats, startEmbeddedNats } from '../bus/embedded.ts';
import { type CoordinatorConfig, parseCoordinatorConfig } from '../config/coordinator-config.ts';
import { becomeLeader } from '../journal/leadership.ts';
import { openAgentsPort } from './agents-port.ts';
import { assemble } from './assemble.ts';
import { untilConnected } from './await-agents.ts';
import { openOperatorSocket } from './operator-socket.ts';
import { readAuthority, statePaths } from './state-files.ts';
import { listenForStop } from './stop-signal.ts';

/** What was started, in order; undone in reverse. */
type Cleanup = (name: string, stop: () => unknown) => void;

/** Runs the coordinator until SIGTERM or SIGINT; the failure says why it could not start or go on. */
export async function runCoordinator(configPath: string): Promise<Result<void>> {
  const log = createLog('coordinator');
  const config = await readConfig(configPath);
  if (!config.ok) return config;
  const authority = await readAuthority(config.value.stateDirectory);
  if (!authority.ok) return authority;

  const started: { name: string; stop: () => unknown }[] = [];
  const stop = listenForStop();
  try {
    return await serve(config.value, authority.value, log, stop.signal, (name, undo) =>
      started.push({ name, stop: undo }),
    );
  } finally {
    for (const part of started.reverse()) {
      try {
        await part.stop();
      } catch (error) {
        log.warn('a part did not stop cleanly', { part: part.name, reason: (error as Error).message });
      }
    }
    stop.release();
    log.info('stopped');
  }
}

async function readConfig(path: string): Promise<Result<CoordinatorConfig>> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    return fail('bad-input', `${path} cannot be read: ${(error as Error).message}; was \`baton init\` run?`);
  }
  return parseCoordinatorConfig(text, path);
}

async function serve(
  config: CoordinatorConfig,
  authority: Credentials,
  log: Log,
  signal: AbortSignal,
  onStop: Cleanup,
): Promise<Result<void>> {
  const nats = await startNats(config, onStop);
  if (!nats.ok) return nats;
  for (const { stream, copy } of nats.value.embedded?.cut ?? [])
    log.error('the store is damaged; the block was copied as it was and cut before the damage', { stream, copy });
  const connected = await connectBus(nats.value.address, { replicas: nats.value.replicas });
  if (!connected.ok) return connected;
  const bus = connected.value;
  onStop('bus', () => bus.close());

  if (!nats.value.embedded) log.info('waiting to become the leader');
  const leading = await becomeLeader(bus, {
    coordinator: config.name,
    isAlone: nats.value.embedded !== undefined,
    signal,
  });
  if (signal.aborted) return ok(undefined);
  if (!leading.ok) return leading;
  const { epoch, deposed } = leading.value;
  onStop('leadership', leading.value.stop);

  const assembled = await assemble({ bus, config, authority, epoch, log, onStop });
  if (!assembled.ok) return assembled;
  const { port, operator, runs, agentsOfRuns } = assembled.value;
  const agents = await openAgentsPort(port);
  if (!agents.ok) return agents;
  onStop('agents’ port', agents.value.close);
  // Runs look at their nodes at once: agents that are on their way back are worth a moment.
  await untilConnected(agentsOfRuns, signal);
  const resumed = await runs.resumeAll();
  if (!resumed.ok) return resumed;

  // Last: whoever can open it finds every run taken up.
  const socket = await openOperatorSocket({ path: config.socketPath, group: config.socketGroup, operator, log });
  if (!socket.ok) return socket;
  onStop('operator socket', socket.value.close);
  const at = { agents: formatHostPort(agents.value.address), operators: config.socketPath };
  log.info('ready', { version: batonVersion, name: config.name, epoch, ...at });

  return await Promise.race([
    aborted(signal).then((reason) => {
      log.info('stopping; runs go on with the next start', { signal: reason });
      return ok(undefined);
    }),
    deposed.then((newer) => fail('refused-old-epoch', `another coordinator leads now, epoch ${newer}; this one stops`)),
    ...(nats.value.embedded ? [nats.value.embedded.ended.then((sentence) => fail('lost', sentence))] : []),
  ]);
}

async function startNats(config: CoordinatorConfig, onStop: Cleanup) {
  if (config.nats.kind === 'external') {
    const { url, replicas, credentialsFile, authorityFile } = config.nats;
    const address = {
      url,
      ...(credentialsFile === undefined ? {} : { credentialsFile }),
      ...(authorityFile === undefined ? {} : { authorityFile }),
    };
    return ok({ address, replicas, embedded: undefined as EmbeddedNats | undefined });
  }
  const { natsDirectory } = statePaths(config.stateDirectory);
  const { program } = config.nats;
  const nats = await startEmbeddedNats({
    storeDirectory: natsDirectory,
    ...(program === undefined ? {} : { program }),
  });
  if (!nats.ok) return nats;
  onStop('nats-server', nats.value.stop);
  return ok({ address: nats.value.address, replicas: 1, embedded: nats.value as EmbeddedNats | undefined });
}

function aborted(signal: AbortSignal): Promise<string> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(String(signal.reason));
    signal.addEventListener('abort', () => resolve(String(signal.reason)), { once: true });
  });
}
