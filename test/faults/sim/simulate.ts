// One simulation from the start of a run to its end: the plan, what the operator is like, and what goes wrong where.

import type { RunEvent } from '../../../coordinator/journal/event.ts';
import type { CompiledPlan } from '../../../coordinator/plans/plan.ts';
import type { Evidence } from '../judge/evidence.ts';
import { settle } from './databases.ts';
import { Director, type Fate, type Point } from './director.ts';
import { eventsOf, evidenceOf, lockOf } from './evidence.ts';
import { type Operator, startOperator, type Way } from './operator.ts';
import { simulationOf } from './plans.ts';
import { compileSimulation } from './simulation.ts';
import { Site, type SiteOptions } from './site.ts';
import { refusedRuns } from './site-records.ts';
import { cluster } from './world.ts';

export interface Scenario {
  plan: string;
  /** What the operator says first to a failed step. */
  way: Way;
  /** A step that fails the first time. */
  failing?: string;
  coordinators?: string[];
}

export interface Simulated {
  evidence: Evidence;
  /** Why it came to no end. */
  stuck?: string;
  points: Point[];
  /** How many boundaries were passed. */
  passed: number;
  /** Types, items and times of the run's events: the same for the same seed. */
  course: string[];
  said: string[];
  crashes: string[];
  nowMs: number;
  happened: number;
}

/** Longer than it takes to wait twice, and once more, for what a plan is most patient with: an hour for a standby. */
const upToMs = 4 * 60 * 60_000;
/** An operator who was heeded more often than this gets nowhere. */
const wordsMax = 30;
/** What is still on its way after the end. */
const afterwardsMs = 3_000;

const compiledPlans = new Map<string, CompiledPlan>();

/** The plan of a simulation, as it is compiled for its site. */
export function compiledFor(name: string): CompiledPlan {
  const known = compiledPlans.get(name);
  if (known !== undefined) return known;
  const result = compileSimulation(simulationOf(name));
  if (!result.ok) throw new Error(`${name} cannot be compiled for its site: ${result.failure.message}`);
  compiledPlans.set(name, result.value);
  return result.value;
}

export async function simulate(
  { plan, way, failing, coordinators }: Scenario,
  act: (point: Point, index: number, site: Site) => Fate = () => 'go on',
  options: { isRecording?: boolean; log?: SiteOptions['log']; afterwardsMs?: number } = {},
): Promise<Simulated> {
  const compiled = compiledFor(plan);
  let site: Site | undefined;
  const director = new Director(
    (point, index) => (site === undefined ? 'go on' : act(point, index, site)),
    options.isRecording,
  );
  const here = new Site({
    director,
    ...(coordinators && { coordinators }),
    ...(options.log && { log: options.log }),
  });
  site = here;
  simulationOf(plan).lay?.(here.world);
  settle(here.world);
  if (failing !== undefined) here.world.failing.add(failing);
  const operator = startOperator(here, compiled, way);

  let seenLocks = '';
  let isClosed = false;
  const isOver = (): boolean => {
    const { server } = here;
    const count = server.streams.get(`CLUSTER_${cluster.cluster}`)?.messages.length ?? 0;
    const locks = `${count} ${server.timesPutBack} ${server.tables.get('refused-runs')?.revision}`;
    if (locks !== seenLocks) {
      seenLocks = locks;
      isClosed = isGivenBack(here);
    }
    return isClosed || here.crashes.length > 0 || operator.heeded > wordsMax;
  };
  const { log } = options;
  if (log !== undefined) tellEvents(here, () => runsOf(operator), log);
  // A coordinator that is put back after the end has a run that is not over.
  do {
    await here.time.pass(isOver, upToMs);
    await here.time.pass(() => false, here.time.nowMs + (options.afterwardsMs ?? afterwardsMs));
  } while (!isOver() && here.time.nowMs < upToMs);
  const events = runsOf(operator).flatMap((run) => eventsOf(here.server, run));
  const newest = events.at(-1)?.event;
  const stuck =
    here.crashes.length > 0
      ? here.crashes.join('\n')
      : isClosed || isHeldByRefused(here, newest?.fact)
        ? undefined
        : `no end after ${here.time.nowMs} ms; newest event ${JSON.stringify(newest?.fact)?.slice(0, 400) ?? 'none'}`;
  return {
    evidence: evidenceOf(here, compiled, operator.run),
    ...(stuck !== undefined && { stuck }),
    points: director.points,
    passed: director.passed,
    course: events.map(({ event: { fact, atMs, epoch } }) =>
      [fact.type, 'item' in fact ? fact.item : '', 'passed' in fact ? fact.passed : '', epoch, atMs].join(' '),
    ),
    said: operator.said,
    crashes: here.crashes,
    nowMs: here.time.nowMs,
    happened: here.time.happened,
  };
}

/** The run that the operator has started, and the one that goes back from it. */
const runsOf = ({ run, back }: Operator): string[] => (back === undefined ? [run] : [run, back]);
/** No run holds the cluster any more: each has ended, or an operator has closed it after its journal was put back. */
function isGivenBack(site: Site): boolean {
  const last = lockOf(site.server).at(-1)?.type;
  const refused = refusedRuns(site.server);
  if (refused.length > 0) return refused.every(({ isClosed }) => isClosed) && last !== 'RunOpened';
  return last === 'RunClosed';
}

/** Stands for nothing but a node that is not served until it is joined anew: that is what a put-back ledger must bring. */
function isHeldByRefused(site: Site, newest: RunEvent['fact'] | undefined): boolean {
  if (newest?.type !== 'RunHalted') return false;
  const refused = site.refusedNodes().map(({ name }) => name);
  const missed = newest.halt.checks.filter(({ verdict }) => verdict !== 'pass' && verdict !== 'warn');
  return missed.length > 0 && missed.every(({ node, verdict }) => verdict === 'unknown' && refused.includes(node));
}

/** For who looks at a failing seed: the journal beside the processes' own log. */
function tellEvents({ server, time }: Site, runs: () => string[], log: NonNullable<SiteOptions['log']>): void {
  let told = 0;
  const look = (): void => {
    for (const { event } of runs()
      .flatMap((run) => eventsOf(server, run))
      .slice(told)) {
      told += 1;
      const { type, ...fact } = event.fact;
      log(time.nowMs, `event ${event.sequence}`, 'info', type, fact);
    }
    time.in(50, look);
  };
  look();
}
