// What lies where in the coordinator's state directory, and the authority that is kept there: with its key, or with a
// server certificate that the coordinator which has the key made for this one.
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fail, ok, type Result } from '../../shared/failures.ts';
import type { Credentials } from '../../shared/security/certificates.ts';

export interface Authority {
  /** PEM: what agents have pinned. */
  certificate: string;
  /** Undefined at a coordinator that may not enrol. */
  key?: string;
  /** This coordinator's own, where it cannot make one. */
  server?: Credentials;
}

export function statePaths(stateDirectory: string) {
  const authorityDirectory = join(stateDirectory, 'authority');
  return {
    authorityDirectory,
    authorityKey: join(authorityDirectory, 'key.pem'),
    authorityCertificate: join(authorityDirectory, 'ca.pem'),
    serverKey: join(authorityDirectory, 'server-key.pem'),
    serverCertificate: join(authorityDirectory, 'server.pem'),
    operatorDirectory: join(stateDirectory, 'operator'),
    /** Of root on this machine, an admin. */
    identity: join(stateDirectory, 'operator', 'identity.pem'),
    natsDirectory: join(stateDirectory, 'nats'),
    releasesDirectory: join(stateDirectory, 'releases'),
    artefactsDirectory: join(stateDirectory, 'artefacts'),
  };
}

/** The authority that `baton init` made or took over; `not-found` when it was not run, `bad-input` for an open key. */
export async function readAuthority(stateDirectory: string): Promise<Result<Authority>> {
  const paths = statePaths(stateDirectory);
  try {
    const certificate = await readFile(paths.authorityCertificate, 'utf8');
    const key = await readSecret(paths.authorityKey);
    if (!key.ok) return key;
    if (key.value !== undefined) return ok({ certificate, key: key.value });
    const serverKey = await readSecret(paths.serverKey);
    if (!serverKey.ok) return serverKey;
    if (serverKey.value === undefined)
      return fail(
        'not-found',
        `${paths.authorityDirectory} has neither the authority's key nor this coordinator's own certificate; \`baton authority issue\` makes one where the key is`,
      );
    return ok({
      certificate,
      server: { certificate: await readFile(paths.serverCertificate, 'utf8'), key: serverKey.value },
    });
  } catch (error) {
    return fail(
      'not-found',
      `the authority in ${paths.authorityDirectory} cannot be read: ${(error as Error).message}; was \`baton init\` run?`,
    );
  }
}

/** A private key; undefined where there is none. One that others may read is refused: nobody knows who has it. */
export async function readSecret(path: string): Promise<Result<string | undefined>> {
  let mode: number;
  try {
    ({ mode } = await stat(path));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ok(undefined);
    throw error;
  }
  if ((mode & 0o077) !== 0)
    return fail(
      'bad-input',
      `${path} may be read by others than its owner (${(mode & 0o777).toString(8)}); if nobody has: chmod 600 ${path}`,
    );
  return ok(await readFile(path, 'utf8'));
}
