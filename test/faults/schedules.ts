// Random schedules of three or more faults, each repeated exactly by its seed: when they strike, what they are, and for
// how long, all comes from it.
import { nameOf, pointsOf, scenariosOf } from './boundaries.ts';
import { judge } from './judge/judge.ts';
import type { Fate, Point } from './sim/director.ts';
import { simulatedPlans } from './sim/plans.ts';
import { type Random, randomOf } from './sim/random.ts';
import { compiledFor, type Scenario, simulate } from './sim/simulate.ts';
import type { Site, SiteOptions } from './sim/site.ts';
import { cluster } from './sim/world.ts';
import type { FaultClass, Trial } from './trial.ts';

export interface Fault {
  /** Number of the boundary at which it strikes, or the first one after it where it can. */
  at: number;
  kind: FaultKind;
  node: string;
  forMs: number;
}

const nodes = cluster.nodes.map(({ name }) => name);

const kinds = {
  killCoordinator: (_: Fault, site: Site) => site.killCoordinator(),
  killAgent: ({ node, forMs }: Fault, site: Site) => site.killAgent(node, forMs),
  reboot: ({ node }: Fault, site: Site) => site.reboot(node),
  cut({ node, forMs }: Fault, site: Site) {
    site.network.cut(node);
    site.time.in(forMs, () => site.network.heal(node));
  },
  stepNodeClock({ node, forMs }: Fault, site: Site) {
    site.world.node(node).wall.offsetMs += forMs - 30_000;
    site.time.in(forMs, () => {
      site.world.node(node).wall.offsetMs = 0;
    });
  },
  stepCoordinatorClock({ forMs }: Fault, site: Site) {
    const wall = site.wall(site.leader()?.name ?? 'c1');
    wall.offsetMs += 30_000 - forMs;
    site.time.in(forMs, () => {
      wall.offsetMs = 0;
    });
  },
  fillNodeDisk({ node, forMs }: Fault, site: Site) {
    site.world.node(node).isDiskFull = true;
    site.time.in(forMs, () => {
      site.world.node(node).isDiskFull = false;
    });
  },
  fillBusDisk({ forMs }: Fault, site: Site) {
    site.server.isFull = true;
    site.time.in(forMs, () => {
      site.server.isFull = false;
    });
  },
  hang: ({ node, forMs }: Fault, site: Site) => void site.world.hanging.set(node, forMs * 5),
  restoreNode({ node, forMs }: Fault, site: Site) {
    const restore = site.snapshotNode(node);
    site.time.in(forMs / 10, restore);
  },
  restoreCoordinator({ forMs }: Fault, site: Site) {
    const restore = site.snapshotCoordinator();
    site.time.in(forMs / 5, restore);
  },
  pauseCoordinator: ({ forMs }: Fault, site: Site) => site.pauseCoordinator(site.leader()?.name ?? 'c1', forMs),
};
const messageKinds = ['lose', 'twice', 'late'] as const;

type StrikeKind = keyof typeof kinds;
export type FaultKind = StrikeKind | (typeof messageKinds)[number];
const strikeKinds = Object.keys(kinds) as StrikeKind[];
const allKinds: FaultKind[] = [...strikeKinds, ...messageKinds];

export interface Schedule {
  scenario: Scenario;
  faults: Fault[];
}

const isMessageKind = (kind: FaultKind): kind is (typeof messageKinds)[number] =>
  (messageKinds as readonly string[]).includes(kind);

/** The schedule that a seed (`plan#number`) stands for. */
export async function scheduleOf(seed: string): Promise<Schedule> {
  const [plan = ''] = seed.split('#');
  const random = randomOf(seed);
  const scenarios = scenariosOf(plan);
  const picked = random.next() < 0.5 ? scenarios[0] : random.pick(scenarios);
  if (picked === undefined) throw new Error(`there is no plan ${plan}`);
  const isShared = random.next() < 0.25;
  const scenario = isShared ? { ...picked, coordinators: ['c1', 'c2'] } : picked;
  const { length } = await pointsOf(picked);
  const count = 3 + random.below(3);
  const faults = Array.from({ length: count }, () => faultOf(random, length));
  return { scenario, faults: faults.sort((a, b) => a.at - b.at) };
}

const faultOf = (random: Random, points: number): Fault => ({
  at: random.below(points),
  kind: random.pick(allKinds),
  node: random.pick(nodes),
  forMs: 1_000 + random.below(60_000),
});

/** Runs a schedule to its end and judges it. */
export async function scheduleTrial(seed: string, given?: Schedule, log?: SiteOptions['log']): Promise<Trial> {
  const { scenario, faults } = given ?? (await scheduleOf(seed));
  const waiting = [...faults];
  const act = (point: Point, index: number, site: Site): Fate => {
    let fate: Fate = 'go on';
    for (const fault of waiting.filter(({ at }) => at <= index)) {
      const { kind } = fault;
      if (isMessageKind(kind)) {
        if (fate !== 'go on' || !point.fates.includes(kind)) continue;
        fate = kind;
      } else kinds[kind](fault, site);
      waiting.splice(waiting.indexOf(fault), 1);
    }
    return fate;
  };
  const { evidence, stuck } = await simulate(scenario, act, log && { log });
  const tried = [...new Set(faults.map(({ kind }) => kind))];
  return {
    faultClass: 'schedules',
    seed,
    violations: judge(evidence),
    kinds: tried,
    ...(stuck !== undefined && { stuck }),
  };
}

/** The n-th seed: short plans more often than long ones, so that many are tried in a given time. */
export const scheduleSeed = (number: number, plan?: string): string =>
  `${plan ?? turns[number % turns.length] ?? ''}#${number}`;

const itemsOf = (plan: string): number => compiledFor(plan).plan.items.length;
const itemsMean = simulatedPlans.reduce((sum, name) => sum + itemsOf(name), 0) / simulatedPlans.length;
/** Whose turn it is: a plan that is shorter than the mean comes twice while a longer one comes once. */
const turns = [...simulatedPlans, ...simulatedPlans.filter((name) => itemsOf(name) < itemsMean)];

export const scheduleClass: FaultClass = {
  name: 'schedules',
  seeds: async ({ seed, count, plan }) => Array.from({ length: count }, (_, at) => scheduleSeed(seed + at, plan)),
  trial: (seed) => scheduleTrial(seed),
};

/** In words, for who looks at a failing seed. */
export async function describeSchedule(seed: string): Promise<string> {
  const { scenario, faults } = await scheduleOf(seed);
  const told = faults.map(({ at, kind, node, forMs }) => `${at}: ${kind} ${node} ${forMs} ms`);
  return [`${nameOf(scenario)} ${scenario.coordinators?.join(' ') ?? ''}`, ...told].join('\n');
}
