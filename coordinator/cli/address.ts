// Where the coordinator is, and with which identity one goes there: flags, then environment, then the usual places.
import { existsSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { ChannelCredentials } from '@grpc/grpc-js';
import { fail, ok, type Result } from '../../shared/failures.ts';
import { howToGetOne, type IdentityFlags, identityFor } from './identity.ts';

export const defaultAddress = 'unix:/run/baton/operator.sock';

/** The flags that every command that talks to a coordinator has. */
export interface ConnectionFlags extends IdentityFlags {
  address?: string | undefined;
}

export interface Endpoint {
  /** As people write it. */
  address: string;
  isSocket: boolean;
  credentials: ChannelCredentials;
}

export const isRunning =
  'is it running (systemctl status baton-coordinator, or `baton coordinator`)? --address or BATON_ADDRESS names another';

/** The coordinator's endpoint; `bad-input` or `unauthorized` when the address or the identity cannot be used. */
export function endpointOf(flags: ConnectionFlags, env: NodeJS.ProcessEnv = process.env): Result<Endpoint> {
  const address = flags.address ?? (env.BATON_ADDRESS || defaultAddress);
  const isSocket = /^unix:\/[^\0]*$/.test(address);
  const port = /^(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\]):(\d{1,5})$/.exec(address)?.[1];
  if (!isSocket && (port === undefined || Number(port) < 1 || Number(port) > 65_535))
    return fail('bad-input', `BATON_ADDRESS is ${JSON.stringify(address)}; it must be unix:/path or host:port`);
  const socketPath = (isSocket ? address : defaultAddress).slice('unix:'.length);
  const identity = identityFor(flags, env, socketPath);
  if (!identity.ok) return identity;
  if (identity.value === undefined)
    return isSocket && !existsSync(socketPath)
      ? fail('unreachable', `no coordinator answers at ${address}: ${isRunning}`, { retryable: true })
      : fail('unauthorized', howToGetOne(env));
  try {
    const { authority: ca, certificate: cert, key } = identity.value;
    const context = createSecureContext({ ca, cert, key, minVersion: 'TLSv1.3' });
    return ok({ address, isSocket, credentials: ChannelCredentials.createFromSecureContext(context) });
  } catch (error) {
    return fail(
      'bad-input',
      `the operator's certificate cannot be used: ${error instanceof Error ? error.message : error}`,
    );
  }
}
