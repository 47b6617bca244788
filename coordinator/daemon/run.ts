// The coordinator's process: reads its configuration, serves agents, stands by until it leads, takes up the runs, and
// stops its parts in reverse when it is told to, when another coordinator leads, or when its own bus is gone.
import { readFile } from 'node:fs/promises';
import { systemClock } from '../../shared/clock.ts';
import { type Failure, fail, failure, ok, type Result } from '../../shared/failures.ts';
import { formatHostPort } from '../../shared/host-port.ts';
import { createLog, type Log } from '../../shared/log.ts';
import { batonVersion } from '../../shared/version.ts';
import { connectBus } from '../bus/bus.ts';
import { type EmbeddedNats, startEmbeddedNats } from '../bus/embedded.ts';
import { type CoordinatorConfig, parseCoordinatorConfig } from '../config/coordinator-config.ts';
import { followLeaders, type Leader } from '../journal/leaders.ts';
import { becomeLeader, ensureLeadership, type Leadership } from '../journal/leadership.ts';
import { createDesk } from '../operator/desk.ts';
import { assemble } from './assemble.ts';
import { openOperatorSocket } from './operator-socket.ts';
import { keepRootIdentity } from './root-identity.ts';
import { serveAgents } from './serve-agents.ts';
import { type Authority, readAuthority, statePaths } from './state-files.ts';
import { type Part, stopParts } from './stop-parts.ts';
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

  const started: Part[] = [];
  const stop = listenForStop();
  try {
    return await serve(config.value, authority.value, log, stop.signal, (name, undo) =>
      started.push({ name, stop: undo }),
    );
  } finally {
    await stopParts(started, systemClock, log);
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
  authority: Authority,
  log: Log,
  signal: AbortSignal,
  onStop: Cleanup,
): Promise<Result<void>> {
  const nats = await startNats(config, onStop);
  if (!nats.ok) return nats;
  for (const { stream, copy } of nats.value.embedded?.cut ?? [])
    log.error(
      `the store is damaged: stream ${stream}; its block was copied as it was and cut before the damage${
        // Runs and locks are chained and have their heads; of a table nobody knows what was in it.
        stream.startsWith('KV_') ? '. Entries of this table may be gone, and nothing else will say so' : ''
      }`,
      { stream, copy },
    );
  const connected = await connectBus(nats.value.address, { replicas: nats.value.replicas });
  if (!connected.ok) return connected;
  const bus = connected.value;
  onStop('bus', () => bus.close());
  const made = await ensureLeadership(bus);
  if (!made.ok) return made;

  let leadership: Leadership | undefined;
  let leader: Leader | undefined;
  const desk = createDesk((isOpen) => (isOpen && leadership?.isCurrent() ? undefined : whoElse(config.name, leader)));
  const operator = desk.service;
  const agents = await serveAgents({ bus, config, authority, operator, log, onStop });
  if (!agents.ok) return agents;
  const following = await followLeaders(bus, (newest) => {
    leader = newest;
    agents.value.hub.lead(newest.epoch);
  });
  if (!following.ok) return following;
  onStop('leaders', following.value);
  const { socketPath, socketGroup: group, stateDirectory } = config;
  const { operators, revocations, audit } = agents.value;
  const access = { authority, operators, revocations, audit, clock: systemClock, log };
  const looking = await keepRootIdentity({ ...access, stateDirectory, nowMs: systemClock.nowMs });
  if (!looking.ok) return looking;
  onStop('identity of root', looking.value);
  const { identity } = statePaths(stateDirectory);
  const socket = await openOperatorSocket({ ...access, path: socketPath, identity, group, operator });
  if (!socket.ok) return socket;
  onStop('operator socket', socket.value.close);

  const isAlone = nats.value.embedded !== undefined;
  if (!isAlone) log.info('standing by', { name: config.name, agents: formatHostPort(agents.value.address) });
  const address = formatHostPort(config.advertise);
  const leading = await becomeLeader(bus, { coordinator: config.name, address, isAlone, signal });
  if (signal.aborted) return ok(undefined);
  if (!leading.ok) return leading;
  leadership = leading.value;
  const { epoch, deposed } = leadership;
  onStop('leadership', leadership.stop);
  agents.value.hub.lead(epoch);
  log.info('leading', { epoch });

  const { certificate } = authority;
  const assembled = await assemble({
    ...{ bus, config, leadership, log, onStop },
    authority: certificate,
    agents: agents.value,
  });
  if (!assembled.ok) return assembled;
  const resumed = await assembled.value.runs.resumeAll();
  if (!resumed.ok) return resumed;
  const known = await operators.refresh();
  if (!known.ok) return known;
  // Last: whoever is served finds every run taken up.
  desk.open(assembled.value.operator);
  const watching = new AbortController();
  const keeping = assembled.value.keep(watching.signal);
  onStop('schedules', () => {
    watching.abort();
    return keeping;
  });
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

/** What an operator is told who asks a coordinator that does not lead. */
function whoElse(own: string, leader: Leader | undefined): Failure {
  const sentence =
    leader === undefined || leader.coordinator === own
      ? `coordinator ${own} does not lead yet, or not for certain; ask again in some seconds`
      : `coordinator ${own} stands by; ${leader.coordinator} leads, at ${leader.address}: use the command there, or BATON_ADDRESS=${leader.address}`;
  return failure('unreachable', sentence, { retryable: true });
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
