// What lies where in the coordinator's state directory, and the authority that is kept there.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fail, ok, type Result } from '../../shared/failures.ts';
import type { Credentials } from '../../shared/security/certificates.ts';

export function statePaths(stateDirectory: string) {
  return {
    authorityDirectory: join(stateDirectory, 'authority'),
    authorityKey: join(stateDirectory, 'authority', 'key.pem'),
    authorityCertificate: join(stateDirectory, 'authority', 'ca.pem'),
    /** The first operator's ca.pem, cert.pem and key.pem. */
    operatorDirectory: join(stateDirectory, 'operator'),
    natsDirectory: join(stateDirectory, 'nats'),
    releasesDirectory: join(stateDirectory, 'releases'),
    artefactsDirectory: join(stateDirectory, 'artefacts'),
  };
}

/** The authority that `baton init` made; `not-found` when it was not run. */
export async function readAuthority(stateDirectory: string): Promise<Result<Credentials>> {
  const paths = statePaths(stateDirectory);
  try {
    return ok({
      certificate: await readFile(paths.authorityCertificate, 'utf8'),
      key: await readFile(paths.authorityKey, 'utf8'),
    });
  } catch (error) {
    return fail(
      'not-found',
      `the authority in ${paths.authorityDirectory} cannot be read: ${(error as Error).message}; was \`baton init\` run?`,
    );
  }
}
