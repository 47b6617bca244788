// Whose identity a command shows: a file that was named, one's own, or that of root beside the socket. A file that others
// may read is refused: nobody knows who has it.
import { readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fail, ok, type Result } from '../../shared/failures.ts';
import { type IdentityFile, identityBeside, parseIdentity } from '../../shared/security/identity-file.ts';

export interface IdentityFlags {
  identity?: string | undefined;
  cert?: string | undefined;
  key?: string | undefined;
  ca?: string | undefined;
}

const ownFolder = (env: NodeJS.ProcessEnv): string => join(env.HOME ?? homedir(), '.config/baton');

/** The identity to show; undefined where there is none. `socketPath`: of the coordinator on this machine. */
export function identityFor(
  flags: IdentityFlags,
  env: NodeJS.ProcessEnv,
  socketPath: string,
  nowMs = Date.now(),
): Result<IdentityFile | undefined> {
  const named = flags.identity ?? (env.BATON_IDENTITY || undefined);
  if (named !== undefined) {
    const found = identityIn(named, nowMs);
    return !found.ok || found.value !== undefined
      ? found
      : fail('bad-input', `${named} is not there or may not be read; BATON_IDENTITY or --identity names it`);
  }
  const parts = inParts(flags, env);
  if (parts !== undefined) return parts;
  for (const path of [join(ownFolder(env), 'identity.pem'), identityBeside(socketPath)]) {
    const found = identityIn(path, nowMs);
    if (!found.ok || found.value !== undefined) return found;
  }
  return inFolder(ownFolder(env)) ?? inFolder('/etc/baton/operator') ?? ok(undefined);
}

/** What somebody without an identity has to do. */
export function howToGetOne(env: NodeJS.ProcessEnv): string {
  return `you have no identity for this coordinator: ask an admin to say \`baton operator add NAME --role ROLE --output FILE\` (viewer, operator, approver or admin), then put that file at ${join(ownFolder(env), 'identity.pem')} with mode 0600, or name it with BATON_IDENTITY; root on the coordinator's machine needs none`;
}

function identityIn(path: string, nowMs: number): Result<IdentityFile | undefined> {
  const text = readPrivate(path);
  if (!text.ok || text.value === undefined) return text as Result<undefined>;
  const parsed = parseIdentity(text.value, nowMs);
  if (parsed.ok) return parsed;
  const { code, message } = parsed.failure;
  const remedy = code === 'unauthorized' ? '; an admin issues another: baton operator add' : '';
  return fail(code, `the identity in ${path} cannot be used: ${message}${remedy}`);
}

function readPrivate(path: string): Result<string | undefined> {
  try {
    const mode = statSync(path).mode & 0o777;
    const text = readFileSync(path, 'utf8');
    if ((mode & 0o077) === 0) return ok(text);
    return fail(
      'bad-input',
      `${path} may be read by others than its owner (${mode.toString(8)}); if nobody has: chmod 600 ${path}`,
    );
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'EACCES' || code === 'ENOTDIR' || code === 'EPERM') return ok(undefined);
    return fail('bad-input', `${path} cannot be read: ${message}`);
  }
}

/** Three files instead of one, as earlier versions had them. */
function inParts(flags: IdentityFlags, env: NodeJS.ProcessEnv): Result<IdentityFile> | undefined {
  const ca = flags.ca ?? (env.BATON_CA || undefined);
  const cert = flags.cert ?? (env.BATON_CERT || undefined);
  const key = flags.key ?? (env.BATON_KEY || undefined);
  if (ca === undefined && cert === undefined && key === undefined) return undefined;
  if (ca === undefined || cert === undefined || key === undefined)
    return fail(
      'bad-input',
      'certificate, key and authority belong together: --cert, --key and --ca; or give --identity',
    );
  try {
    const read = (path: string) => readFileSync(path, 'utf8');
    return ok({ authority: read(ca), certificate: read(cert), key: read(key) });
  } catch (error) {
    return fail('bad-input', `the operator's certificate cannot be used: ${(error as Error).message}`);
  }
}

function inFolder(folder: string): Result<IdentityFile> | undefined {
  const [ca, cert, key] = ['ca', 'cert', 'key'].map((name) => join(folder, `${name}.pem`)) as [string, string, string];
  try {
    statSync(key);
  } catch {
    return undefined;
  }
  return inParts({ ca, cert, key }, {});
}
