// The identity of root on a coordinator's machine: an admin, in a file that only root reads and that the command uses there
// by itself. Made once, where the authority's key is, and again before it expires; installations of before get theirs.
import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { makePrivateFolder, writeDurably } from '../../shared/durable-file.ts';
import { fail, ok, type Result } from '../../shared/failures.ts';
import type { Log } from '../../shared/log.ts';
import { type Credentials, issueClientCredentials } from '../../shared/security/certificates.ts';
import type { Identity } from '../../shared/security/identity.ts';
import { formatIdentity, parseIdentity } from '../../shared/security/identity-file.ts';
import { hours } from '../../shared/units.ts';
import type { OperatorRecord, Operators } from '../access/operators.ts';
import { type Authority, readSecret, statePaths } from './state-files.ts';

/** One that ends earlier than this is replaced. */
const leftAtLeastMs = hours(30 * 24);
/** Several coordinators with the key each have their own. */
const namesMax = 100;

/** Makes an operator's key and certificate in a file of mode 0600. */
export async function writeIdentity(path: string, issuer: Credentials, name: string, nowMs: number): Promise<void> {
  const { key, certificate } = await issueClientCredentials(issuer, 'operator', name, nowMs);
  await makePrivateFolder(dirname(path));
  await writeDurably(path, formatIdentity({ key, certificate, authority: issuer.certificate }), 0o600);
}

/** At first setup: the identity that is there, or the one in the folder `from`, or a new one; '' where there can be none. */
export async function keepOrTakeIdentity(given: {
  path: string;
  issuer: Credentials | undefined;
  from: string | undefined;
  operator: string;
  nowMs: number;
}): Promise<Result<string>> {
  const { path, issuer, from, operator, nowMs } = given;
  const there = await readSecret(path);
  if (!there.ok) return there;
  if (there.value !== undefined) return ok(path);
  const brought = from === undefined ? ok(undefined) : await readSecret(join(from, 'identity.pem'));
  if (!brought.ok) return brought;
  if (brought.value !== undefined) {
    await makePrivateFolder(dirname(path));
    await writeDurably(path, brought.value, 0o600);
    return ok(path);
  }
  if (issuer === undefined) return ok('');
  await writeIdentity(path, issuer, operator, nowMs);
  return ok(path);
}

export interface RootIdentityParts {
  stateDirectory: string;
  authority: Authority;
  operators: Operators;
  nowMs(): number;
  log: Log;
}

/** Sees to it that root has an identity that counts. */
export async function ensureRootIdentity(parts: RootIdentityParts): Promise<Result<void>> {
  const { stateDirectory, authority, operators, nowMs, log } = parts;
  const { identity: path, operatorDirectory } = statePaths(stateDirectory);
  const text = await textOf(path, operatorDirectory);
  if (!text.ok) return text;
  const parsed = text.value === undefined ? undefined : parseIdentity(text.value, nowMs());
  const own = parsed?.ok ? parsed.value.operator : undefined;
  const standing = parsed?.ok ? await enter(operators, parsed.value) : ok('is unknown' as const);
  if (!standing.ok) return standing;
  const isLasting = own !== undefined && own.validToMs - nowMs() > leftAtLeastMs;
  const { certificate, key } = authority;

  if (standing.value === 'was revoked')
    // Somebody meant it; whoever has the authority's key may still have another made.
    log.warn('the identity of root on this machine was revoked; without its file the next start makes one', { path });
  else if (key !== undefined && !(standing.value === 'counts' && isLasting))
    return await makeAnother(path, { certificate, key }, standing.value === 'counts' ? own?.name : undefined, parts);
  else if (standing.value !== 'counts')
    log.warn('root on this machine is no operator: put a file here that `baton operator add` writes', { path });
  else if (!isLasting) log.warn('the identity of root on this machine expires soon', { path });
  return ok(undefined);
}

/** The same now and each day, so that it never expires where it can be renewed; gives how to stop. */
export async function keepRootIdentity(parts: RootIdentityParts): Promise<Result<() => void>> {
  const ensured = await ensureRootIdentity(parts);
  if (!ensured.ok) return ensured;
  const complain = (reason: string) => parts.log.error('the identity of root could not be looked after', { reason });
  const timer = setInterval(() => {
    ensureRootIdentity(parts).then(
      (again) => again.ok || complain(again.failure.message),
      (error: Error) => complain(error.message),
    );
  }, hours(24));
  timer.unref();
  return ok(() => clearInterval(timer));
}

/** Of the file, or made of those that earlier versions have written. */
async function textOf(path: string, directory: string): Promise<Result<string | undefined>> {
  const there = await readSecret(path);
  if (!there.ok || there.value !== undefined) return there;
  const key = await readSecret(join(directory, 'key.pem'));
  if (!key.ok || key.value === undefined) return key;
  try {
    const read = (name: string) => readFile(join(directory, name), 'utf8');
    const certificate = await read('cert.pem');
    const text = formatIdentity({ key: key.value, certificate, authority: await read('ca.pem') });
    await writeDurably(path, text, 0o600);
    return ok(text);
  } catch (error) {
    return fail('bad-input', `${directory} cannot be read: ${(error as Error).message}`);
  }
}

/** Enters it into the table where nobody of its name is. */
async function enter(
  operators: Operators,
  { operator, certificate }: { operator: Identity; certificate: string },
): Promise<Result<'counts' | 'was revoked' | 'is unknown'>> {
  const { name, serial } = operator;
  const entered = await operators.change(name, (old) => ok(old ?? recordOf(name, serial, certificate)));
  if (!entered.ok) return entered;
  if (entered.value.serial !== serial) return ok('is unknown');
  return ok(entered.value.revokedAtMs === 0 ? 'counts' : 'was revoked');
}

/** Under the name it has, or under one that is free. */
async function makeAnother(
  path: string,
  issuer: Credentials,
  ownName: string | undefined,
  { operators, nowMs, log }: RootIdentityParts,
): Promise<Result<void>> {
  const all = await operators.list();
  if (!all.ok) return all;
  const names = Array.from({ length: namesMax }, (_, index) => (index === 0 ? 'admin' : `admin-${index + 1}`));
  const name = ownName ?? names.find((one) => !all.value.some((other) => other.name === one));
  if (name === undefined) return fail('conflict', `there are ${namesMax} admins of coordinators already; revoke some`);
  await writeIdentity(path, issuer, name, nowMs());
  const made = parseIdentity(await readFile(path, 'utf8'), nowMs());
  if (!made.ok) return made;
  const { certificate, operator } = made.value;
  const entered = await operators.change(name, () => ok(recordOf(name, operator.serial, certificate)));
  if (entered.ok) log.info('root on this machine has a new identity', { operator: name, path });
  return entered.ok ? ok(undefined) : entered;
}

function recordOf(name: string, serial: string, certificate: string): OperatorRecord {
  const { validFromDate, validToDate } = new X509Certificate(certificate);
  return {
    ...{ name, role: 'admin', serial, issuedBy: 'baton init', revokedAtMs: 0 },
    issuedAtMs: validFromDate.getTime(),
    validToMs: validToDate.getTime(),
  };
}
