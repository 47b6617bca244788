// First-time setup of a coordinator: state directory, authority, the first operator's certificate, coordinator.yaml.
// It overwrites nothing: an authority that is there is kept, a configuration that is there ends it.
import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { makeFolder, makePrivateFolder, writeDurably } from '../../shared/durable-file.ts';
import { fail, ok, type Result } from '../../shared/failures.ts';
import { parseHostPort } from '../../shared/host-port.ts';
import { isName } from '../../shared/names.ts';
import {
  type Credentials,
  createAuthority,
  issueClientCredentials,
  pinOf,
} from '../../shared/security/certificates.ts';
import {
  agentsPort,
  coordinatorConfigTemplate,
  isWildcard,
  parseCoordinatorConfig,
} from '../config/coordinator-config.ts';
import { readAuthority, statePaths } from './state-files.ts';

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
  /** Name in the first operator's certificate; `admin` by default. */
  operator?: string;
}

export interface Initialized {
  configPath: string;
  /** Of the authority: `sha256:HEX`. */
  pin: string;
  /** Holds ca.pem, cert.pem and key.pem for a baton command on another machine. */
  operatorDirectory: string;
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

  const { stateDirectory, socketPath, natsProgram } = options;
  const text = coordinatorConfigTemplate({
    listen,
    advertise,
    stateDirectory,
    socketPath,
    ...(natsProgram === undefined ? {} : { natsProgram }),
  });
  const checked = parseCoordinatorConfig(text, options.configPath);
  if (!checked.ok) return checked;
  if (await isThere(options.configPath))
    return fail('conflict', `${options.configPath} is there already: this coordinator is set up; nothing was changed`);

  try {
    const paths = statePaths(stateDirectory);
    await makePrivateFolder(stateDirectory);
    const authority = await keepOrCreateAuthority(stateDirectory, nowMs);
    if (!authority.ok) return authority;
    const issued = await issueClientCredentials(authority.value, 'operator', operator, nowMs);
    await makePrivateFolder(paths.operatorDirectory);
    await writeDurably(`${paths.operatorDirectory}/ca.pem`, authority.value.certificate, 0o644);
    await writeDurably(`${paths.operatorDirectory}/cert.pem`, issued.certificate, 0o644);
    await writeDurably(`${paths.operatorDirectory}/key.pem`, issued.key, 0o600);

    // Last, so that an interrupted setup can simply be run again.
    await makeFolder(dirname(options.configPath), 0o755);
    await writeDurably(options.configPath, text, 0o644);
    return ok({
      configPath: options.configPath,
      pin: pinOf(authority.value.certificate),
      operatorDirectory: paths.operatorDirectory,
    });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    return fail(code === 'ENOSPC' ? 'no-space' : 'bad-input', `the coordinator cannot be set up: ${message}`);
  }
}

async function keepOrCreateAuthority(stateDirectory: string, nowMs: number): Promise<Result<Credentials>> {
  const paths = statePaths(stateDirectory);
  if (await isThere(paths.authorityCertificate)) return readAuthority(stateDirectory);
  const authority = await createAuthority('Baton authority', nowMs);
  await makePrivateFolder(paths.authorityDirectory);
  // The key first: a certificate without its key would look like a finished setup.
  await writeDurably(paths.authorityKey, authority.key, 0o600);
  await writeDurably(paths.authorityCertificate, authority.certificate, 0o644);
  return ok(authority);
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
