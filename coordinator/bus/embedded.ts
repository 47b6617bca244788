// The nats-server that the coordinator starts for itself: loopback, a random port and password, every write synced.
// It dies with the coordinator, however that dies, and holds the store's lock as long as it lives. It must not be able
// to restore or delete a stream: what is journaled stays.
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../shared/clock.ts';
import { makePrivateFolder } from '../../shared/durable-file.ts';
import { fail, ok, type Result } from '../../shared/failures.ts';
import { type CutBlock, cutDamagedBlocks } from './block-files.ts';
import type { BusAddress } from './bus.ts';
import { findNatsServer } from './nats-server.ts';

export interface EmbeddedOptions {
  /** Where the streams are kept; created 0700. One server at a time. */
  storeDirectory: string;
  /** nats-server to run; without it the one on $PATH. */
  program?: string;
  startTimeoutMs?: number;
}

export interface EmbeddedNats {
  address: BusAddress;
  /** Of the nats-server itself. */
  pid: number;
  /** Blocks whose damage was cut off before the start. */
  cut: CutBlock[];
  /** Resolves with a sentence when the server has ended, whether asked to or not. */
  ended: Promise<string>;
  /** Ends the server and waits until it is gone and the store is unlocked. */
  stop(): Promise<void>;
}

/** What `flock` exits with when another process holds the store. */
const lockedExit = 75;

/**
 * It says when it has the lock, and starts the server when it is told to.
 * Without its indexes the server reads every block and its checksums before it answers anything: with them it would meet
 * damage while it serves, and crash at some of it.
 * flock hands its descriptor on, so the lock lasts until nats-server itself is gone, not only its parents. The shell
 * holds a pipe from the coordinator: its end, by whatever death, ends the server.
 */
const supervisor = `
echo locked
read -r go || exit 1
find "$4" -name index.db -delete
"$1" -c "$2" </dev/null >/dev/null &
child=$!
exec 3<&0
(
  cat <&3 >/dev/null
  kill -TERM $child 2>/dev/null
  for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    kill -0 $child 2>/dev/null || exit 0
    sleep 0.1
  done
  kill -KILL $child 2>/dev/null
) &
wait $child
status=$?
rm -rf "$3"
exit $status
`;

/** Starts the server on its store. Fails with `conflict` when another coordinator has the store open. */
export async function startEmbeddedNats(options: EmbeddedOptions): Promise<Result<EmbeddedNats>> {
  const program = await findNatsServer(options.program);
  if (!program.ok) return program;

  await makePrivateFolder(options.storeDirectory);
  await chmod(options.storeDirectory, 0o700);
  const folder = await mkdtemp(join(tmpdir(), 'baton-nats-'));
  const user = 'coordinator';
  const password = randomBytes(24).toString('base64url');
  const configFile = join(folder, 'nats.conf');
  await writeFile(configFile, configuration(options.storeDirectory, folder, user, password), { mode: 0o600 });

  const lockFile = join(options.storeDirectory, 'lock');
  const child = spawn(
    'flock',
    [
      '--exclusive',
      '--nonblock',
      '--conflict-exit-code',
      String(lockedExit),
      lockFile,
      'sh',
      '-c',
      supervisor,
      'baton-nats',
      program.value,
      configFile,
      folder,
      options.storeDirectory,
    ],
    { stdio: ['pipe', 'pipe', 'pipe'], detached: true },
  );
  const errors = lastOutput(child);
  child.stdin?.on('error', () => undefined);
  const ended = new Promise<{ code: number | null; sentence: string }>((resolve) => {
    child.on('error', (error) => resolve({ code: null, sentence: `flock cannot be started: ${error.message}` }));
    child.on('exit', (code, signal) =>
      resolve({ code, sentence: `nats-server ended with ${signal ?? `status ${code}`}: ${errors() || 'no output'}` }),
    );
  });
  void ended.then(() => rm(folder, { recursive: true, force: true }));

  const isLocked = await new Promise<boolean>((resolve) => {
    child.stdout?.once('data', () => resolve(true));
    void ended.then(() => resolve(false));
  });
  const cut = isLocked ? await cutDamagedBlocks(options.storeDirectory) : ok([]);
  if (!cut.ok) {
    child.stdin?.end();
    await ended;
    return cut;
  }
  child.stdin?.write('go\n');

  const started = await waitForPort(folder, ended, options.startTimeoutMs ?? 30_000);
  if (!started.ok) {
    child.stdin?.end();
    const { code } = await ended;
    if (code === lockedExit)
      return fail(
        'conflict',
        `${options.storeDirectory} is in use by another coordinator (lock ${lockFile}); stop that one first`,
      );
    return started;
  }
  return ok({
    address: { url: started.value.url, user, password },
    pid: started.value.pid,
    cut: cut.value,
    ended: ended.then(({ sentence }) => sentence),
    async stop() {
      child.stdin?.end();
      await ended;
    },
  });
}

/**
 * `max_file_store` stands for no limit but the disk's own. Without it the server takes a share of what is free at its
 * start for its limit: on a full disk it then starts without its streams, and does not see room that is made later.
 */
function configuration(store: string, folder: string, user: string, password: string): string {
  return `
host: 127.0.0.1
port: -1
ports_file_dir: ${JSON.stringify(folder)}
server_name: baton
max_payload: 1MB
jetstream {
  store_dir: ${JSON.stringify(join(store, 'streams'))}
  sync_interval: always
  max_memory_store: 64MB
  max_file_store: 1PB
}
authorization {
  users: [{
    user: ${JSON.stringify(user)}
    password: ${JSON.stringify(password)}
    permissions: {
      publish: {
        allow: ">"
        deny: ["$JS.API.STREAM.RESTORE.>", "$JS.API.STREAM.DELETE.>", "$JS.API.STREAM.PURGE.>", "$JS.API.STREAM.MSG.DELETE.>"]
      }
    }
  }]
}
`;
}

/** The server writes its port to a file when it is listening. */
async function waitForPort(
  folder: string,
  ended: Promise<{ sentence: string }>,
  timeoutMs: number,
): Promise<Result<{ url: string; pid: number }>> {
  const deadlineMs = systemClock.monotonicMs() + timeoutMs;
  let end: string | undefined;
  void ended.then(({ sentence }) => {
    end = sentence;
  });
  while (systemClock.monotonicMs() < deadlineMs) {
    if (end !== undefined) return fail('command-failed', end);
    const name = (await readdir(folder)).find((file) => file.endsWith('.ports'));
    const pid = Number(/_(\d+)\.ports$/.exec(name ?? '')?.[1]);
    const url = name === undefined ? undefined : urlIn(await readFile(join(folder, name), 'utf8'));
    if (url !== undefined) return ok({ url, pid });
    await systemClock.sleep(20);
  }
  return fail('timeout', `nats-server was not listening within ${timeoutMs} ms`);
}

/** The client address in a ports file; undefined while it is being written. */
function urlIn(text: string): string | undefined {
  try {
    return (JSON.parse(text) as { nats?: string[] }).nats?.[0];
  } catch {
    return undefined;
  }
}

/** Keeps the last 4 kB of what the server says. */
function lastOutput(child: ChildProcess): () => string {
  let text = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    text = (text + chunk.toString()).slice(-4096);
  });
  return () => text.trim().split('\n').slice(-5).join(' | ');
}
