// Who this node is: key, certificate, authority and the list of coordinators, in one folder that is swapped as a whole, so
// that there is never half an identity.
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, readlinkSync } from 'node:fs';
import { realpath, rename, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { makePrivateFolder, syncFolder, writeDurably } from '../../shared/durable-file.ts';
import { parseHostPort } from '../../shared/host-port.ts';

const describedSchema = z.object({ name: z.string(), role: z.string(), coordinators: z.array(z.string()).min(1) });

export interface Identity extends z.infer<typeof describedSchema> {
  /** All PEM. */
  key: string;
  certificate: string;
  authority: string;
}

export const identityFolder = (stateDirectory: string): string => join(stateDirectory, 'identity');

/** Each that is away costs a moment when a connection is lost. */
const coordinatorsMax = 8;

/** The node's identity; undefined while it has not joined. */
export function readIdentity(stateDirectory: string): Identity | undefined {
  const folder = identityFolder(stateDirectory);
  if (!existsSync(join(folder, 'identity.json'))) return undefined;
  const read = (name: string) => readFileSync(join(folder, name), 'utf8');
  return {
    ...describedSchema.parse(JSON.parse(read('identity.json'))),
    key: read('key.pem'),
    certificate: read('certificate.pem'),
    authority: read('authority.pem'),
  };
}

/** Writes an identity and makes it the node's in one step, also over an older one, which is removed. */
export async function writeIdentity(stateDirectory: string, identity: Identity): Promise<void> {
  const { key, certificate, authority, ...described } = identity;
  const id = randomBytes(6).toString('hex');
  const name = `identity-${id}`;
  const folder = join(stateDirectory, name);
  await makePrivateFolder(folder);
  await writeDurably(join(folder, 'key.pem'), key, 0o600);
  await writeDurably(join(folder, 'certificate.pem'), certificate, 0o600);
  await writeDurably(join(folder, 'authority.pem'), authority, 0o600);
  await writeDurably(join(folder, 'identity.json'), `${JSON.stringify(described, null, 2)}\n`, 0o600);

  const link = identityFolder(stateDirectory);
  const former = existsSync(link) ? readlinkSync(link) : undefined;
  await symlink(name, `${link}.${id}.new`);
  await rename(`${link}.${id}.new`, link);
  await syncFolder(stateDirectory);
  if (former !== undefined && former !== name) await rm(join(stateDirectory, former), { recursive: true, force: true });
}

/**
 * Adds coordinators that the one which this node trusts has told of. None is ever dropped: the addresses of the join line
 * may be the only ones that this node reaches. Joining anew begins a new list.
 */
export async function rememberCoordinators(stateDirectory: string, told: string[]): Promise<void> {
  const identity = readIdentity(stateDirectory);
  if (identity === undefined) return;
  const { name, role, coordinators: known } = identity;
  const fresh = told.filter((address) => parseHostPort(address) !== undefined && !known.includes(address));
  const coordinators = [...new Set([...known, ...fresh])].slice(0, Math.max(coordinatorsMax, known.length));
  if (coordinators.length === known.length) return;
  const file = join(await realpath(identityFolder(stateDirectory)), 'identity.json');
  await writeDurably(file, `${JSON.stringify({ name, role, coordinators }, null, 2)}\n`, 0o600);
}
