// Where the coordinator is and with which certificate one goes there: flags, then environment, then the usual places.
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { createSecureContext } from 'node:tls';
import { ChannelCredentials } from '@grpc/grpc-js';
import { fail, ok, type Result } from '../../shared/failures.ts';

export const defaultAddress = 'unix:/run/baton/operator.sock';

/** The flags that every command that talks to a coordinator has. */
export interface ConnectionFlags {
  address?: string | undefined;
  cert?: string | undefined;
  key?: string | undefined;
  ca?: string | undefined;
}

export interface Endpoint {
  /** As people write it. */
  address: string;
  isSocket: boolean;
  credentials: ChannelCredentials;
}

/** The coordinator's endpoint; `bad-input` when the address or a credential cannot be used. */
export function endpointOf(flags: ConnectionFlags, env: NodeJS.ProcessEnv = process.env): Result<Endpoint> {
  const address = flags.address ?? (env.BATON_ADDRESS || defaultAddress);
  if (/^unix:\/[^\0]*$/.test(address))
    return ok({ address, isSocket: true, credentials: ChannelCredentials.createInsecure() });
  const port = /^(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\]):(\d{1,5})$/.exec(address)?.[1];
  if (port === undefined || Number(port) < 1 || Number(port) > 65_535)
    return fail('bad-input', `BATON_ADDRESS is ${JSON.stringify(address)}; it must be unix:/path or host:port`);
  const files = credentialFiles(flags, env);
  if (!files.ok) return files;
  try {
    const context = createSecureContext({
      ca: readFileSync(files.value.ca),
      cert: readFileSync(files.value.cert),
      key: readFileSync(files.value.key),
      minVersion: 'TLSv1.3',
    });
    return ok({ address, isSocket: false, credentials: ChannelCredentials.createFromSecureContext(context) });
  } catch (error) {
    return fail(
      'bad-input',
      `the operator's certificate cannot be used: ${error instanceof Error ? error.message : error}`,
    );
  }
}

function credentialFiles(
  flags: ConnectionFlags,
  env: NodeJS.ProcessEnv,
): Result<{ ca: string; cert: string; key: string }> {
  const folders = [join(env.HOME ?? homedir(), '.config/baton'), '/etc/baton/operator'];
  const folder = folders.find((candidate) => existsSync(join(candidate, 'cert.pem')));
  const find = (flag: string | undefined, name: string) =>
    flag ?? (env[`BATON_${name.toUpperCase()}`] || (folder && join(folder, `${name}.pem`)));
  const ca = find(flags.ca, 'ca');
  const cert = find(flags.cert, 'cert');
  const key = find(flags.key, 'key');
  if (ca && cert && key) return ok({ ca, cert, key });
  return fail(
    'bad-input',
    `a coordinator on another machine needs an operator's certificate: give --ca, --cert and --key, set BATON_CA, BATON_CERT and BATON_KEY, or put ca.pem, cert.pem and key.pem into ${folders.join(' or ')}`,
  );
}
