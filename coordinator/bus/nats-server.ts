// Which nats-server program to start. It must be 2.10 or newer: older ones refuse `sync_interval: always`, without which
// a power cut loses writes that were acknowledged.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { fail, ok, type Result } from '../../shared/failures.ts';

const run = promisify(execFile);
const oldestMinor = 10;

/** True for 2.10 and newer; the text is what `nats-server --version` prints. */
export function isNewEnough(versionText: string): boolean {
  const match = /v?(\d+)\.(\d+)\.\d+/.exec(versionText);
  if (!match) return false;
  const [major, minor] = [Number(match[1]), Number(match[2])];
  return major > 2 || (major === 2 && minor >= oldestMinor);
}

/**
 * The nats-server to run: `configured` where it is given, otherwise the first on $PATH or in /usr/sbin that is new
 * enough. Fails with `not-found`, or `bad-input` for a configured one that is too old.
 */
export async function findNatsServer(configured?: string): Promise<Result<string>> {
  const candidates = configured === undefined ? candidatesOnPath() : [configured];
  const seen: string[] = [];
  for (const candidate of candidates) {
    const version = await versionOf(candidate);
    if (version === undefined) continue;
    if (isNewEnough(version)) return ok(candidate);
    seen.push(`${candidate} is ${version}`);
  }
  if (seen.length > 0)
    return fail('bad-input', `${seen.join('; ')}; the journal needs nats-server 2.${oldestMinor} or newer`);
  return fail(
    'not-found',
    configured === undefined
      ? `no nats-server on $PATH; install 2.${oldestMinor} or newer, or name one in /etc/baton/coordinator.yaml`
      : `${configured} cannot be executed; name a nats-server of 2.${oldestMinor} or newer in /etc/baton/coordinator.yaml`,
  );
}

function candidatesOnPath(): string[] {
  const folders = (process.env.PATH ?? '').split(':').filter((folder) => folder.startsWith('/'));
  return [...new Set([...folders, '/usr/sbin'])].map((folder) => `${folder}/nats-server`);
}

async function versionOf(program: string): Promise<string | undefined> {
  try {
    const { stdout } = await run(program, ['--version'], { timeout: 10_000 });
    return stdout.trim();
  } catch {
    return undefined;
  }
}
