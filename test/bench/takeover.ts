// Measures takeovers with real processes: three NATS servers, two coordinators, three agents, an open run. A leader is
// killed (kill -9) or paused (SIGSTOP), and the time is taken until another is elected, until its first append to the open
// run, and until every agent's stream is held again. Prints the shortest, the median and the longest; exit 1 over a limit.
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { DeliverPolicy } from '@nats-io/jetstream';
import { leadershipStream } from '../../coordinator/journal/leadership.ts';
import { streamOfRun } from '../../coordinator/journal/nats-journal.ts';
import { eventually } from '../integration/bus/test-bus.ts';
import { startTakeoverSite, type TakeoverSite } from '../integration/takeover/takeover-site.ts';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '7' },
    pauses: { type: 'string', default: '3' },
    help: { type: 'boolean' },
  },
});
if (values.help) {
  process.stdout.write('usage: npm run bench:takeover -- [--kills 7] [--pauses 3]\n');
  process.exit(0);
}

type Way = 'killed' | 'paused';
interface Takeover {
  way: Way;
  electedMs: number;
  appendedMs: number;
  agentsBackMs: number;
}
const limits = { electedMs: Number.POSITIVE_INFINITY, appendedMs: 5_000, agentsBackMs: 20_000 };
const names = { electedMs: 'elected', appendedMs: 'first append', agentsBackMs: 'agents back' };

/** Resolves when the next message of a stream has been stored. */
async function next({ cluster: { bus } }: TakeoverSite, stream: string): Promise<() => Promise<number>> {
  const consumer = await bus.js.consumers.get(stream, { deliver_policy: DeliverPolicy.New });
  let atMs: number | undefined;
  const messages = await consumer.consume({
    callback: () => {
      atMs ??= performance.now();
    },
  });
  return async () => {
    await eventually(() => atMs !== undefined, `something new in ${stream}`, 60_000);
    messages.stop();
    return atMs ?? 0;
  };
}

async function takeOver(site: TakeoverSite, leading: 0 | 1, way: Way): Promise<Takeover> {
  const leader = site.coordinators[leading];
  const elected = await next(site, leadershipStream);
  const appended = await next(site, streamOfRun(site.run));
  const startedMs = performance.now();
  leader.process.kill(way === 'killed' ? 'SIGKILL' : 'SIGSTOP');
  if (way === 'killed') await once(leader.process, 'exit');
  const back = eventually(site.areAgentsBack, 'the agents are back', 120_000).then(() => performance.now());
  const [electedAtMs, appendedAtMs, backAtMs] = await Promise.all([elected(), appended(), back]);
  if (way === 'paused') {
    const ended = once(leader.process, 'exit');
    leader.process.kill('SIGCONT');
    await ended;
  }
  await leader.start();
  await eventually(site.areAgentsBack, 'the agents are there', 120_000);
  return {
    way,
    electedMs: electedAtMs - startedMs,
    appendedMs: appendedAtMs - startedMs,
    agentsBackMs: backAtMs - startedMs,
  };
}

function row(takeovers: Takeover[], what: keyof typeof names): string {
  const sorted = takeovers.map((takeover) => takeover[what]).sort((a, b) => a - b);
  const figures = [sorted[0], sorted[Math.floor(sorted.length / 2)], sorted.at(-1)];
  const limit = Number.isFinite(limits[what]) ? (limits[what] / 1000).toFixed(0) : '';
  return [
    names[what].padEnd(14),
    ...figures.map((ms) => ((ms ?? 0) / 1000).toFixed(2).padStart(8)),
    limit.padStart(8),
  ].join('');
}

const site = await startTakeoverSite();
const takeovers: Takeover[] = [];
try {
  const ways: Way[] = [
    ...Array.from({ length: Number(values.kills) }, () => 'killed' as const),
    ...Array.from({ length: Number(values.pauses) }, () => 'paused' as const),
  ];
  for (const [index, way] of ways.entries()) {
    takeovers.push(await takeOver(site, index % 2 === 0 ? 0 : 1, way));
    process.stderr.write(`${JSON.stringify(takeovers.at(-1))}\n`);
  }
} finally {
  await site.stop();
}
for (const way of ['killed', 'paused'] as const) {
  const these = takeovers.filter((takeover) => takeover.way === way);
  if (these.length === 0) continue;
  process.stdout.write(`\n${these.length} leaders ${way}, s       min  median     max   limit\n`);
  for (const what of ['electedMs', 'appendedMs', 'agentsBackMs'] as const)
    process.stdout.write(`${row(these, what)}\n`);
}
const isOver = takeovers.some(
  ({ appendedMs, agentsBackMs }) => appendedMs > limits.appendedMs || agentsBackMs > limits.agentsBackMs,
);
process.exitCode = isOver ? 1 : 0;
