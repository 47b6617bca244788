// First-time setup of a coordinator: state directory, authority, the identity of root on this machine, coordinator.yaml.
// It overwrites nothing: an authority that is there is kept, a configuration that is there ends it.
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { makeFolder, makePrivateFolder, writeDurably } from '../../shared/durable-file.ts';
import { fail, ok, type Result } from '../../shared/failures.ts';
import { parseHostPort } from '../../shared/host-port.ts';
import { isName } from '../../shared/names.ts';
import { pinOf } from '../../shared/security/certificates.ts';
import {
  agentsPort,
  coordinatorConfigTemplate,
  type ExternalNats,
  isWildcard,
  parseCoordinatorConfig,
} from '../config/coordinator-config.ts';
import { keepOrTakeAuthority } from './authority.ts';
import { keepOrTakeIdentity } from './root-identity.ts';
import { statePaths } from './state-files.ts';

export interface InitOptions {
  /** Where coordinator.yaml is written; it must not be there yet. */
  configPath: string;
  stateDirectory: string;
  socketPath: string;
  /** host:port for agents, 7450 by default. */
  listen: string;
  /** host:port that join lines name; `listen` by default. Needed where `listen` is 0.0.0.0. */
  advertise?: string;
  /** nats-server to run; the one on $PATH by default. */
  natsProgram?: string;
  /** An external bus, which a second coordinator needs; an embedded server by default. */
  nats?: ExternalNats;
  /**
   * Folder with the authority of a coordinator that is there already: with its key (`ca.pem`, `key.pem`), or what
   * `baton authority issue` has written. Without it, an authority is made.
   */
  authorityFrom?: string;
  /** Name of the first operator, an admin: root on this machine; `admin` by default. */
  operator?: string;
}

export interface Initialized {
  configPath: string;
  /** Of the authority: `sha256:HEX`. */
  pin: string;
  /** Whether nodes may be enrolled here: the authority's key is. */
  mayEnrol: boolean;
  /** File with the first operator's key and certificate; empty where none could be made. */
  identity: string;
}

/** Sets a coordinator up. Fails with `conflict` when `configPath` is there, `bad-input` for an address that is none. */
export async function initCoordinator(options: InitOptions, nowMs = Date.now()): Promise<Result<Initialized>> {
  const listen = parseHostPort(options.listen, agentsPort);
  if (!listen) return fail('bad-input', `--listen ${options.listen}: must be host:port, such as 10.77.0.1:7450`);
  const advertise = parseHostPort(options.advertise ?? options.listen, agentsPort);
  if (!advertise) return fail('bad-input', `--advertise ${options.advertise}: must be host:port`);
  if (isWildcard(advertise.host))
    return fail(
      'bad-input',
      `--listen ${options.listen} says no address that nodes can reach; give --advertise HOST:PORT`,
    );
  const operator = options.operator ?? 'admin';
  if (!isName(operator)) return fail('bad-input', `operator ${operator}: must be 1 to 31 of a-z, 0-9 and -`);

  const { stateDirectory, socketPath, natsProgram, nats, authorityFrom } = options;
  if (nats !== undefined && natsProgram !== undefined)
    return fail(
      'bad-input',
      '--nats-server is for the embedded server, --nats-url for an external cluster; give one of them',
    );
  const text = coordinatorConfigTemplate({
    listen,
    advertise,
    stateDirectory,
    socketPath,
    ...(natsProgram === undefined ? {} : { natsProgram }),
    ...(nats === undefined ? {} : { nats }),
  });
  const checked = parseCoordinatorConfig(text, options.configPath);
  if (!checked.ok) return checked;
  if (await isThere(options.configPath))
    return fail('conflict', `${options.configPath} is there already: this coordinator is set up; nothing was changed`);

  try {
    const paths = statePaths(stateDirectory);
    await makePrivateFolder(stateDirectory);
    const authority = await keepOrTakeAuthority(stateDirectory, authorityFrom, nowMs);
    if (!authority.ok) return authority;
    const { certificate, key } = authority.value;
    const issuer = key === undefined ? undefined : { certificate, key };
    const identity = await keepOrTakeIdentity({ path: paths.identity, issuer, from: authorityFrom, operator, nowMs });
    if (!identity.ok) return identity;

    // Last, so that an interrupted setup can simply be run again.
    await makeFolder(dirname(options.configPath), 0o755);
    await writeDurably(options.configPath, text, 0o644);
    return ok({
      configPath: options.configPath,
      pin: pinOf(certificate),
      mayEnrol: key !== undefined,
      identity: identity.value,
    });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    return fail(code === 'ENOSPC' ? 'no-space' : 'bad-input', `the coordinator cannot be set up: ${message}`);
  }
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
