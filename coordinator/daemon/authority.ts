// How a coordinator comes by its authority: it makes one, or takes that of a coordinator which is there already, with the
// key or without; and how the one with the key makes what another needs. Nothing that is there is overwritten.
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { makePrivateFolder, writeDurably } from '../../shared/durable-file.ts';
import { fail, ok, type Result } from '../../shared/failures.ts';
import { coordinatorTlsName } from '../../shared/rpc/service.ts';
import { createAuthority, issueServerCredentials } from '../../shared/security/certificates.ts';
import { writeIdentity } from './root-identity.ts';
import { type Authority, readAuthority, readSecret, statePaths } from './state-files.ts';

/** The authority that is there; otherwise that in the folder `from`; otherwise a new one. */
export async function keepOrTakeAuthority(
  stateDirectory: string,
  from: string | undefined,
  nowMs: number,
): Promise<Result<Authority>> {
  const paths = statePaths(stateDirectory);
  if (await isThere(paths.authorityCertificate)) return readAuthority(stateDirectory);
  const authority = from === undefined ? ok(await createAuthority('Baton authority', nowMs)) : await readFrom(from);
  if (!authority.ok) return authority;
  const { certificate, key, server }: Authority = authority.value;
  await makePrivateFolder(paths.authorityDirectory);
  // Keys first: a certificate without its key would look like a finished setup.
  if (key !== undefined) await writeDurably(paths.authorityKey, key, 0o600);
  if (server !== undefined) await writeDurably(paths.serverKey, server.key, 0o600);
  if (server !== undefined) await writeDurably(paths.serverCertificate, server.certificate, 0o644);
  await writeDurably(paths.authorityCertificate, certificate, 0o644);
  return authority;
}

/** `ca.pem` with `key.pem`, or with `server.pem` and `server-key.pem`. */
async function readFrom(folder: string): Promise<Result<Authority>> {
  const wrong = (why: string) => fail('bad-input', `--authority-from ${folder}: ${why}`);
  try {
    const certificate = await readFile(join(folder, 'ca.pem'), 'utf8');
    const issuer = new X509Certificate(certificate);
    const key = await readSecret(join(folder, 'key.pem'));
    if (!key.ok) return key;
    if (key.value !== undefined)
      return issuer.checkPrivateKey(createPrivateKey(key.value))
        ? ok({ certificate, key: key.value })
        : wrong('key.pem is not the key of ca.pem');
    const serverKey = await readSecret(join(folder, 'server-key.pem'));
    if (!serverKey.ok) return serverKey;
    if (serverKey.value === undefined) return wrong('it has neither key.pem nor server-key.pem');
    const server = await readFile(join(folder, 'server.pem'), 'utf8');
    const parsed = new X509Certificate(server);
    if (!parsed.verify(issuer.publicKey) || !parsed.checkPrivateKey(createPrivateKey(serverKey.value)))
      return wrong('server.pem is not of ca.pem and server-key.pem');
    return ok({ certificate, server: { certificate: server, key: serverKey.value } });
  } catch (error) {
    return wrong((error as Error).message);
  }
}

/**
 * Writes what a coordinator without the authority's key needs into a new folder: `ca.pem`, `server.pem` (one year),
 * `server-key.pem`, and `identity.pem` of an admin for root there, who is named after the host. Fails with `not-found` where the key is not, `conflict` where the folder is there.
 */
export async function issueForCoordinator(
  stateDirectory: string,
  hosts: string[],
  folder: string,
  nowMs = Date.now(),
): Promise<Result<void>> {
  const authority = await readAuthority(stateDirectory);
  if (!authority.ok) return authority;
  const { certificate, key } = authority.value;
  if (key === undefined)
    return fail('not-found', `${statePaths(stateDirectory).authorityKey} is not there: issue it where the key is`);
  if (await isThere(folder)) return fail('conflict', `${folder} is there already; nothing was written`);
  const server = await issueServerCredentials({ certificate, key }, [coordinatorTlsName, ...hosts], nowMs);
  await makePrivateFolder(folder);
  await writeDurably(join(folder, 'server-key.pem'), server.key, 0o600);
  await writeDurably(join(folder, 'server.pem'), server.certificate, 0o644);
  await writeIdentity(join(folder, 'identity.pem'), { certificate, key }, nameAfter(hosts[0] ?? ''), nowMs);
  await writeDurably(join(folder, 'ca.pem'), certificate, 0o644);
  return ok(undefined);
}

/** `admin-10-77-0-2`. */
function nameAfter(host: string): string {
  const name = host
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '');
  return `admin-${name}`.slice(0, 31);
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
