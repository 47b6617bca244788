// `npm run bench:port`: a real coordinator, an honest agent, and hostile clients that do one attack after another. Prints
// how long the honest agent's heartbeats took and what memory the coordinator held; exit 1 over a limit, saying which.
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { heapFlags } from '../../scripts/bundle.d/heap-flags.ts';
import { type Credentials, createAuthority, issueClientCredentials } from '../../shared/security/certificates.ts';
import { type Attack, allAttacks } from '../hostile/attacks.ts';
import { type Honest, joinNode, percentile, startHonest } from '../hostile/honest.ts';
import { peakBytes, resetPeak } from '../hostile/process-memory.ts';
import { addresses, sendMutants, startHostile } from '../hostile/run.ts';
import { TestAgent } from '../integration/fleet/fleet-fixture.ts';
import { type CoordinatorProcess, startCoordinator } from '../integration/operator/coordinator-process.ts';

const usage = `usage: npm run bench:port -- [options]
  --connections 1000   hostile connections at a time
  --seconds 8          of each attack
  --addresses 250      of this machine that they come from
  --only TEXT          only attacks whose name has this in it, such as 'ping flood (node)'
  --mutants 100000     mutated messages afterwards; 0: none
  --seed 20261121      of the mutated messages
  --log                show what the coordinator logs under each attack
exit: 0 within the limits, 1 over one, 2 wrong usage
`;
const values = readOptions();
const connections = Number(values.connections);
const seconds = Number(values.seconds);
const heartbeatMs = 20;
const limits = { memoryBytes: 256e6, p99Ms: 100 };
/** What was over its limit. */
const over: string[] = [];

function readOptions() {
  const options = {
    connections: { type: 'string', default: '1000' },
    seconds: { type: 'string', default: '8' },
    addresses: { type: 'string', default: '250' },
    only: { type: 'string', default: '' },
    mutants: { type: 'string', default: '100000' },
    seed: { type: 'string', default: '20261121' },
    log: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  } as const;
  const wrong = (message: string): never => {
    process.stderr.write(`${message}\n${usage}`);
    process.exit(2);
  };
  try {
    const { values } = parseArgs({ options });
    if (values.help) {
      process.stdout.write(usage);
      process.exit(0);
    }
    for (const name of ['connections', 'seconds', 'addresses', 'mutants', 'seed'] as const)
      if (!/^\d+$/.test(values[name])) wrong(`--${name} must be a whole number`);
    return values;
  } catch (error) {
    return wrong(error instanceof Error ? error.message : String(error));
  }
}

/** Holds the honest agent's figures against the limits. */
function judge(what: string, trips: number[], peak: number, problems: string[]): void {
  const p99 = percentile(trips, 0.99);
  if (!(p99 <= limits.p99Ms)) over.push(`${what}: p99 ${p99.toFixed(1)} ms, limit ${limits.p99Ms} ms`);
  if (!(peak <= limits.memoryBytes))
    over.push(`${what}: ${(peak / 1e6).toFixed(0)} MB, limit ${limits.memoryBytes / 1e6} MB`);
  over.push(...problems.map((problem) => `${what}: ${problem}`));
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** How long another honest agent takes to connect, again and again; the longest counts. */
async function comeBack(coordinator: CoordinatorProcess, own: Credentials, until: Promise<unknown>): Promise<number> {
  let longestMs = 0;
  let isOver = false;
  void until.then(() => {
    isOver = true;
  });
  while (!isOver) {
    const startedMs = performance.now();
    for (let isThere = false; !isThere; ) {
      const agent = new TestAgent(coordinator, own);
      isThere = await Promise.race([agent.hello().then(() => true), agent.ended.then(() => false)]).catch(() => false);
      agent.close();
      if (performance.now() - startedMs > 10_000) return Number.POSITIVE_INFINITY;
    }
    longestMs = Math.max(longestMs, performance.now() - startedMs);
    await sleep(500);
  }
  return longestMs;
}

const widths = [42, 12, 9, 8, 8, 8, 12, 10, 12];
function row(cells: string[]): string {
  return cells
    .map((cell, index) => (index === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[index] ?? 0)))
    .join('');
}

async function attackOnce(
  coordinator: CoordinatorProcess,
  honest: Honest,
  attack: Attack | undefined,
  own: Credentials | undefined,
  returning: Credentials,
): Promise<string[]> {
  const pid = coordinator.process.pid ?? 0;
  await sleep(1_000);
  resetPeak(pid);
  honest.take();
  const logFrom = coordinator.log().length;
  const hostile =
    attack &&
    startHostile({
      attack: attack.name,
      as: attack.as,
      address: coordinator.address,
      connections,
      from: addresses(Number(values.addresses)),
      ...own,
    });
  const isOver = sleep(seconds * 1000);
  const [backMs] = await Promise.all([comeBack(coordinator, returning, isOver), isOver]);
  const trips = honest.take();
  const result = await hostile?.end();
  if (coordinator.process.exitCode !== null || coordinator.process.signalCode !== null)
    throw new Error(`the coordinator has ended under ${attack?.name}: ${coordinator.log().slice(-4_000)}`);
  const logged = coordinator.log().length - logFrom;
  if (values.log) process.stderr.write(`${coordinator.log().slice(logFrom).slice(0, 3000)}\n`);
  const problems = [
    ...(honest.lost() === undefined ? [] : [`agent lost: ${honest.lost()}`]),
    ...(coordinator.process.exitCode === null ? [] : ['coordinator ended']),
    ...(Number.isFinite(backMs) ? [] : ['another agent could not connect']),
  ];
  const name = attack ? `${attack.name} (${attack.as})` : 'nothing';
  const peak = peakBytes(pid);
  judge(name, trips, peak, problems);
  return [
    name,
    String(result?.opened ?? 0),
    String(trips.length),
    ...[0.5, 0.99, 1].map((share) => percentile(trips, share).toFixed(1)),
    `${(peak / 1e6).toFixed(0)} MB`,
    `${(logged / 1e3).toFixed(0)} kB`,
    `${backMs.toFixed(0)} ms`,
    problems.length === 0 ? '  0' : `  ${problems.join(', ')}`,
  ];
}

const mutantNodes = 20;

/** Mutated messages over the streams of nodes that have joined, as fast as they are read. */
async function mutate(coordinator: CoordinatorProcess, honest: Honest): Promise<string> {
  const pid = coordinator.process.pid ?? 0;
  const nodes: Credentials[] = [];
  for (let count = 0; count < mutantNodes; count += 1) {
    nodes.push(await joinNode(coordinator, `m${count}`));
    await sleep(500);
  }
  resetPeak(pid);
  honest.take();
  const logFrom = coordinator.log().length;
  const startedMs = performance.now();
  const { address, authority } = coordinator;
  const orders = { address, authority: authority.certificate, nodes, count: Number(values.mutants) };
  const { sent, streams } = await sendMutants({ ...orders, seed: Number(values.seed) });
  const trips = honest.take();
  const logged = coordinator.log().slice(logFrom);
  const forged = logged.split('\n').filter((line) => line !== '' && !/^\d{4}-\S+ [A-Z]+ +coordinator: /.test(line));
  const figures = [0.5, 0.99, 1].map((share) => percentile(trips, share).toFixed(1)).join(' / ');
  const isWell = honest.lost() === undefined && coordinator.process.exitCode === null;
  const peak = peakBytes(pid);
  judge('mutated messages', trips, peak, [
    ...(isWell ? [] : [`lost: ${honest.lost()}`]),
    ...(forged.length === 0 ? [] : [`${forged.length} forged lines of log`]),
  ]);
  return [
    `\n${sent} mutated messages of ${nodes.length} nodes (seed ${values.seed}) over ${streams} streams in ${((performance.now() - startedMs) / 1000).toFixed(0)} s:`,
    `  ${isWell ? 'nothing broke' : `lost: ${honest.lost()}`}; p50 / p99 / max ${figures} ms; peak memory ${(peak / 1e6).toFixed(0)} MB; log ${(logged.length / 1e3).toFixed(0)} kB, forged lines ${forged.length}, lines of bugs ${logged.split('\n').filter((line) => /a bug/.test(line)).length}`,
  ].join('\n');
}

/** As it is shipped: all modules in one. */
async function bundled(folder: string): Promise<string> {
  const outfile = join(folder, 'baton.mjs');
  const banner = `import { createRequire as $createRequire } from 'node:module'; const require = $createRequire(import.meta.url);`;
  const entryPoints = [join(import.meta.dirname, '../../coordinator/main.ts')];
  await build({
    entryPoints,
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node26',
    format: 'esm',
    banner: { js: banner },
  });
  return outfile;
}

async function bench(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'baton-bench-'));
  const coordinator = await startCoordinator({ program: [...heapFlags, await bundled(folder)] });
  try {
    const stolen = await joinNode(coordinator, 'n2');
    const returning = await joinNode(coordinator, 'n3');
    const selfSigned = await issueClientCredentials(await createAuthority('x', Date.now()), 'node', 'n1', Date.now());
    const credentials = { tcp: undefined, nobody: undefined, 'self-signed': selfSigned, node: stolen };
    const honest = await startHonest(coordinator, await joinNode(coordinator, 'n1'), heartbeatMs);
    await sleep(2_000);
    process.stdout.write(
      `${connections} hostile connections at a time, each made anew when it is ended, from ${values.addresses} addresses of this machine, for ${seconds} s an attack.\nHostile clients run at nice 19 and share ${availableParallelism()} cores with the coordinator and the measuring.\n"node" attacks use the certificate of another node. Round trips in ms; "back" is the longest that a second agent took to connect.\n\n`,
    );
    process.stdout.write(
      `${row(['attack', 'connections', 'beats', 'p50', 'p99', 'max', 'peak memory', 'log', 'back'])}  errors\n`,
    );
    await sleep(1_000);
    process.stdout.write(`${row(await attackOnce(coordinator, honest, undefined, undefined, returning))}\n`);
    for (const attack of allAttacks.filter(({ name, as }) => `${name} (${as})`.includes(values.only)))
      process.stdout.write(
        `${row(await attackOnce(coordinator, honest, attack, credentials[attack.as], returning))}\n`,
      );
    if (Number(values.mutants) > 0) process.stdout.write(`${await mutate(coordinator, honest)}\n`);
    honest.close();
  } finally {
    await coordinator.remove();
    await rm(folder, { recursive: true });
  }
}

await bench();
if (over.length > 0) process.stderr.write(`\nover the limits:\n${over.map((what) => `  ${what}\n`).join('')}`);
process.exitCode = over.length > 0 ? 1 : 0;
