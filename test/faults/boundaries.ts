// Every boundary of every plan, generated: a run without faults tells them, then each is repeated with one fault at it.
// Once-only steps also fail once, with each of an operator's answers, so that settling and undo have boundaries too.
import { type Action, actionClasses } from '../../shared/actions/action.ts';
import { judge } from './judge/judge.ts';
import type { Fate, Point } from './sim/director.ts';
import type { Way } from './sim/operator.ts';
import { simulatedPlans, simulationOf } from './sim/plans.ts';
import { randomOf } from './sim/random.ts';
import { compiledFor, type Scenario, simulate } from './sim/simulate.ts';
import type { Site } from './sim/site.ts';
import type { FaultClass, Trial, TrialOptions } from './trial.ts';

interface BoundaryKind {
  isPossible(point: Point): boolean;
  act(point: Point, site: Site): Fate;
  /** More than one, where that makes the difference. */
  coordinators?: string[];
}

/** Longer than a late message takes. */
const stoppedMs = 25_000;

/** What can go wrong at a boundary, by the name that the table has for it. */
const faults = {
  'coordinator killed': { isPossible: () => true, act: (_: Point, site: Site) => strike(() => site.killCoordinator()) },
  'agent killed': {
    isPossible: ({ node }: Point) => node !== undefined,
    act: ({ node }: Point, site: Site) => strike(() => site.killAgent(node ?? '')),
  },
  'answer lost': { isPossible: ({ fates }: Point) => fates.includes('lose'), act: (): Fate => 'lose' },
  'delivered twice': { isPossible: ({ fates }: Point) => fates.includes('twice'), act: (): Fate => 'twice' },
  'delivered late': { isPossible: ({ fates }: Point) => fates.includes('late'), act: (): Fate => 'late' },
  // Another one takes over meanwhile; what the first had on its way arrives after that, then it goes on itself.
  'coordinator stopped, its message late': {
    isPossible: ({ fates, side }: Point) => fates.includes('late') && side === 'before',
    act: (_: Point, site: Site): Fate => {
      site.pauseCoordinator(site.leader()?.name ?? 'c1', stoppedMs);
      return 'late';
    },
    coordinators: ['c1', 'c2'],
  },
  // The network keeps the command of the one that is over until the node knows the next one, which has not asked yet.
  'coordinator stopped, its command overtaken': {
    isPossible: ({ fates, side }: Point) => fates.includes('held') && side === 'before',
    act: (_: Point, site: Site): Fate => {
      site.pauseCoordinator(site.leader()?.name ?? 'c1', stoppedMs);
      return 'held';
    },
    coordinators: ['c1', 'c2'],
  },
} satisfies Record<string, BoundaryKind>;
export type BoundaryFault = keyof typeof faults;
export const boundaryFaults = Object.keys(faults) as BoundaryFault[];

/** What fails in the middle leaves something that somebody has to decide on. */
const leavesHalf = (action: Action): boolean =>
  actionClasses[action.kind] === 'once' ||
  ['upgradeServer', 'startServer', 'fenceServer', 'copyServer', 'restoreServer', 'setValues'].includes(action.kind);

const ways: readonly Way[] = ['retry', 'adopt', 'abort'];

/** The ways through a plan: nothing fails, or one step that leaves a half does and the operator answers. */
export function scenariosOf(plan: string): Scenario[] {
  const { isRolledBackAt } = simulationOf(plan);
  if (isRolledBackAt !== undefined) return isRolledBackAt.map((failing) => ({ plan, way: 'rollback', failing }));
  const fails = compiledFor(plan).plan.items.flatMap((item) =>
    item.kind === 'step' && leavesHalf(item.action) ? [item.id] : [],
  );
  const alone: Scenario[] = plan === 'backup' ? [{ plan, way: 'nobody' }] : [];
  return [
    { plan, way: 'retry' },
    ...alone,
    ...fails.flatMap((failing) => ways.map((way): Scenario => ({ plan, way, failing }))),
  ];
}

const recorded = new Map<string, Point[]>();

/** The boundaries of a scenario, in order. */
export async function pointsOf(scenario: Scenario): Promise<Point[]> {
  const name = nameOf(scenario);
  const known = recorded.get(name);
  if (known !== undefined) return known;
  const { points, stuck } = await simulate(scenario, undefined, { isRecording: true });
  if (stuck !== undefined) throw new Error(`${name} comes to no end without any fault: ${stuck}`);
  recorded.set(name, points);
  return points;
}

export const nameOf = ({ plan, way, failing, coordinators }: Scenario): string => {
  const name = failing === undefined && way === 'retry' ? plan : `${plan},${failing ?? ''},${way}`;
  return coordinators === undefined ? name : `${name} of ${coordinators.length}`;
};

function asFor(fault: BoundaryFault, scenario: Scenario): Scenario {
  const { coordinators }: BoundaryKind = faults[fault];
  return coordinators === undefined ? scenario : { ...scenario, coordinators };
}

/** One fault at one boundary; the seed is `scenario@boundary`. */
export async function boundaryTrial(fault: BoundaryFault, seed: string): Promise<Trial> {
  const [name = '', number = ''] = seed.split('@');
  const [plan = '', failing, way = 'retry'] = name.replace(/ of \d+$/, '').split(',');
  const scenario = asFor(fault, { plan, way: way as Way, ...(failing && { failing }) });
  const at = Number(number);
  const { coordinators }: BoundaryKind = faults[fault];
  const { evidence, stuck } = await simulate(
    scenario,
    (point, index, site) => (index === at ? faults[fault].act(point, site) : 'go on'),
    // Whoever was stopped is seen to go on.
    coordinators === undefined ? {} : { afterwardsMs: stoppedMs + 5_000 },
  );
  const violations = judge(evidence);
  return { faultClass: `boundary: ${fault}`, seed, violations, ...(stuck !== undefined && { stuck }) };
}

/**
 * Every seed of a fault, or of one plan. A boundary that is passed again in the same place (the same message behind the
 * same event, as when a condition is read until it passes, or on the common way of two scenarios) is one boundary.
 */
export async function boundarySeeds(
  fault: BoundaryFault,
  { plan, at, every = true }: Pick<TrialOptions, 'plan' | 'at' | 'every'> = {},
): Promise<string[]> {
  const seeds = new Map<string, string>();
  /** Places of a reading’s messages, with the reading. */
  const readings = new Map<string, string>();
  const scenarios = simulatedPlans
    .filter((name) => plan === undefined || plan === name)
    .flatMap(scenariosOf)
    // Without a failure there is nothing to go back from.
    .filter(({ failing, way }) => every || (failing === undefined && way === 'retry') || way === 'rollback');
  for (const scenario of scenarios.map((one) => asFor(fault, one))) {
    let newest = '';
    let isStruck = scenario.way !== 'rollback';
    for (const [index, point] of (await pointsOf(scenario)).entries()) {
      const { what, side, node } = point;
      if (side === 'after' && what.startsWith('append ') && !what.startsWith('append baton.head.')) newest = what;
      // Until then it is an upgrade like any other.
      isStruck ||= what.startsWith('append OperatorDecided');
      if (!isStruck || (at !== undefined && !what.startsWith(at))) continue;
      const place = [scenario.plan, newest, side, what, node].join('|');
      if (!faults[fault].isPossible(point) || seeds.has(place)) continue;
      seeds.set(place, `${nameOf(scenario)}@${index}`);
      if (isOfReading(point)) readings.set(place, [scenario.plan, newest, node].join('|'));
    }
  }
  if (every) return [...seeds.values()];
  // A reading leaves nothing behind: of its messages one stands for all, by turns another.
  const together = [...Map.groupBy(readings, ([, reading]) => reading).values()];
  const chosen = new Set(together.map((places, turn) => places[turn % places.length]?.[0]));
  return [...seeds].filter(([place]) => !readings.has(place) || chosen.has(place)).map(([, seed]) => seed);
}

const isOfReading = ({ what }: Point): boolean => /^((request|put|answer) read|say readAnswer)$/.test(what);

export const boundaryClasses: FaultClass[] = boundaryFaults.map((fault) => ({
  name: `boundary: ${fault}`,
  async seeds({ seed, count, ...where }) {
    const seeds = await boundarySeeds(fault, where);
    const random = randomOf(`${fault} ${seed}`);
    // All of them, or as many as are asked for, which differ by seed.
    while (seeds.length > count) seeds.splice(random.below(seeds.length), 1);
    return seeds;
  },
  trial: (seed) => boundaryTrial(fault, seed),
}));

function strike(act: () => void): Fate {
  act();
  return 'go on';
}
