// One simulation from the start of a run to its end: the plan, what the operator is like, and what goes wrong where.

import type { RunEvent } from '../../../coordinator/journal/event.ts';
import { compilePlan } from '../../../coordinator/plans/compile.ts';
import type { CompiledPlan } from '../../../coordinator/plans/plan.ts';
import { profilesOf, upgradeParameters } from '../../unit/plans/compiled.ts';
import type { Evidence } from '../judge/evidence.ts';
import { Director, type Fate, type Point } from './director.ts';
import { eventsOf, evidenceOf, lockOf } from './evidence.ts';
import { startOperator, type Way } from './operator.ts';
import { Site, type SiteOptions } from './site.ts';
import { refusedRuns } from './site-records.ts';
import { cluster, installedVersion } from './world.ts';

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

const upToMs = 45 * 60_000;
/** An operator who was heeded more often than this gets nowhere. */
const wordsMax = 30;
/** What is still on its way after the end. */
const afterwardsMs = 3_000;

const compiledPlans = new Map<string, CompiledPlan>();

/** A plan for the sample cluster, with parameters that any plan picks its own from. */
export function compiledFor(name: string): CompiledPlan {
  const known = compiledPlans.get(name);
  if (known !== undefined) return known;
  const installed = Object.fromEntries(cluster.nodes.map((node) => [node.name, installedVersion]));
  for (const parameters of [upgradeParameters, { release: upgradeParameters.release }, {}]) {
    const result = compilePlan(name, cluster, parameters, profilesOf(cluster), { installed });
    if (!result.ok) continue;
    compiledPlans.set(name, result.value);
    return result.value;
  }
  throw new Error(`plan ${name} cannot be compiled for the sample cluster`);
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
      isClosed = isGivenBack(here, operator.run);
    }
    return isClosed || here.crashes.length > 0 || operator.heeded > wordsMax;
  };
  const { log } = options;
  if (log !== undefined) tellEvents(here, operator.run, log);
  // A coordinator that is put back after the end has a run that is not over.
  do {
    await here.time.pass(isOver, upToMs);
    await here.time.pass(() => false, here.time.nowMs + (options.afterwardsMs ?? afterwardsMs));
  } while (!isOver() && here.time.nowMs < upToMs);
  const events = eventsOf(here.server, operator.run);
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

/** The run holds the cluster no more: it has ended, or an operator has closed it after its journal was put back. */
function isGivenBack(site: Site, run: string): boolean {
  const last = lockOf(site.server).at(-1)?.type;
  const refused = refusedRuns(site.server).find((one) => one.run === run);
  if (refused !== undefined) return refused.isClosed && last !== 'RunOpened';
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
function tellEvents({ server, time }: Site, run: string, log: NonNullable<SiteOptions['log']>): void {
  let told = 0;
  const look = (): void => {
    for (const { event } of eventsOf(server, run).slice(told)) {
      told += 1;
      const { type, ...fact } = event.fact;
      log(time.nowMs, `event ${event.sequence}`, 'info', type, fact);
    }
    time.in(50, look);
  };
  look();
}
