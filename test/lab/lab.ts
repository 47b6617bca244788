// What lab tests share: the lab's command, programs in its nodes, the baton command line. Real machines, no fakes.
// Labs are booted once for all files; each test that changes nodes begins with `startAfresh`.
import { mkdtempSync, rmSync } from 'node:fs';
import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { execa } from 'execa';

/** The labs that the tests are spread over, one for each of mocha's parallel jobs: BATON_LABS, or the one of BATON_LAB. */
export const labNames = (process.env.BATON_LABS ?? process.env.BATON_LAB ?? 'test').split(' ');
/** Of this job. */
export const labName = labNames[Number(process.env.MOCHA_WORKER_ID ?? 0) % labNames.length] ?? '';
const root = resolve(import.meta.dirname, '../..');
const addressOf = (name: string): string => `unix:/run/${name === 'lab' ? 'baton' : `baton-${name}`}/operator.sock`;
/** Where this lab's coordinator answers operators. */
export const labAddress = addressOf(labName);
/** What programs have to know to work on a lab. */
export const environmentOf = (name: string) => ({
  BATON_LAB: name,
  BATON_ADDRESS: addressOf(name),
  NO_COLOR: '1',
  // The command line is loaded hundreds of times: with this in a third of the time.
  NODE_COMPILE_CACHE: join(root, 'build/compile-cache'),
});

export interface Ended {
  exitCode: number;
  stdout: string;
  stderr: string;
}

async function run(file: string, args: string[], more: { input?: string; timeoutMs?: number } = {}): Promise<Ended> {
  const result = await execa(file, args, {
    cwd: root,
    env: environmentOf(labName),
    reject: false,
    timeout: more.timeoutMs ?? 120_000,
    ...(more.input === undefined ? { stdin: 'ignore' as const } : { input: more.input }),
    maxBuffer: 64 * 1024 * 1024,
  });
  return { exitCode: result.exitCode ?? -1, stdout: result.stdout, stderr: result.stderr };
}

/** `scripts/lab ARGS`; throws unless it ends with 0. */
export async function lab(...args: string[]): Promise<string> {
  const ended = await run(join(root, 'scripts/lab'), args, { timeoutMs: 300_000 });
  if (ended.exitCode !== 0) throw new Error(`scripts/lab ${args.join(' ')}: exit ${ended.exitCode}\n${ended.stderr}`);
  return ended.stdout.trim();
}

/** A shell line in a node; throws unless it ends with 0. */
export async function onNode(node: string, line: string): Promise<string> {
  return await lab('exec', node, '--', 'sh', '-c', line);
}

/** `baton ARGS` from the checkout, without a terminal. */
export async function baton(...args: string[]): Promise<Ended> {
  return await run(process.execPath, [join(root, 'coordinator/main.ts'), ...args], { timeoutMs: 300_000 });
}

/** `baton ARGS --json`, its document and exit code. */
export async function batonJson<T>(...args: string[]): Promise<{ exitCode: number; document: T; stderr: string }> {
  const ended = await baton(...args, '--json');
  try {
    return { exitCode: ended.exitCode, document: JSON.parse(ended.stdout) as T, stderr: ended.stderr };
  } catch (cause) {
    throw new Error(
      `baton ${args.join(' ')} --json: exit ${ended.exitCode}, no JSON:\n${ended.stdout}\n${ended.stderr}`,
      { cause },
    );
  }
}

/** Waits until `condition` answers something other than undefined or false. */
export async function waitFor<T>(
  what: string,
  condition: () => Promise<T | undefined | false>,
  withinMs = 60_000,
): Promise<T> {
  const until = performance.now() + withinMs;
  for (;;) {
    const value = await condition();
    if (value !== undefined && value !== false) return value;
    if (performance.now() > until) throw new Error(`waited ${withinMs} ms in vain: ${what}`);
    await new Promise((done) => setTimeout(done, 200));
  }
}

/** Settings of the stand-in installer on the nodes: FAIL_AT, HANG_AT, DURATION_S, … */
export async function setInstaller(nodes: string[], settings: Record<string, string | number>): Promise<void> {
  const text = Object.entries(settings).map(([name, value]) => `${name}=${value}`);
  for (const node of nodes)
    await onNode(node, `printf '%s\\n' ${text.map((line) => `'${line}'`).join(' ')} > /etc/standin-installer.env`);
}

/** Versions whose installer started on a node, in order. */
export async function installerStarts(node: string): Promise<string[]> {
  const log = await onNode(node, 'cat /var/log/standin-installer.log 2>/dev/null || true');
  return log
    .split('\n')
    .filter((line) => line.startsWith('start '))
    .map((line) => line.split(' ')[2] ?? '');
}

let temporary: string | undefined;

/** Gone when this process ends. */
export async function temporaryFolder(): Promise<string> {
  if (temporary === undefined) {
    const made = mkdtempSync(join(tmpdir(), 'baton-lab-'));
    process.once('exit', () => rmSync(made, { recursive: true, force: true }));
    temporary = made;
  }
  return await mkdtemp(join(temporary, 'files-'));
}

/** A copy of the lab's cluster file with changes, in a directory of its own. */
export async function clusterFile(change: (text: string) => string = (text) => text): Promise<string> {
  const text = await readFile(await lab('cluster-file'), 'utf8');
  const file = join(await temporaryFolder(), 'cluster.yaml');
  await writeFile(file, change(text));
  return file;
}
