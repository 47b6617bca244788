// A coordinator's runs in a simulated world, processes that die and are followed by others.

import type { CheckRef } from '../../../coordinator/checks/check.ts';
import type { RunEvent } from '../../../coordinator/journal/event.ts';
import type { Notifier } from '../../../coordinator/notify/notice.ts';
import type { CompiledPlan, Plan } from '../../../coordinator/plans/plan.ts';
import { guardJournal } from '../../../coordinator/runs/guarded-journal.ts';
import type { StartRequest } from '../../../coordinator/runs/opening.ts';
import type { ProgressFeed } from '../../../coordinator/runs/progress.ts';
import { createRunService, type RunService } from '../../../coordinator/runs/run-service.ts';
import { createRunViews, type RunViews } from '../../../coordinator/runs/run-views.ts';
import { ok } from '../../../shared/failures.ts';
import { canonicalJson, sha256Hex } from '../../../shared/hash.ts';
import type { Log } from '../../../shared/log.ts';
import { samplePlan } from '../sequencer/sample-plan.ts';
import { World } from '../sequencer/world.ts';
import { FakeClock } from './fake-clock.ts';
import { type Fate, Memory } from './memory-parts.ts';
import { SimFleet } from './sim-fleet.ts';

export const quiet = { debug() {}, info() {}, warn() {}, error() {} } as unknown as Log;

/** The sample plan with its marks as services, so that the real checks read them. */
export const simPlan: Plan = {
  ...samplePlan,
  items: JSON.parse(JSON.stringify(samplePlan.items), (_, value) =>
    value !== null && typeof value === 'object' && 'check' in value ? realCheck(value as CheckRef) : value,
  ) as Plan['items'],
};

function realCheck({ check, params }: CheckRef): CheckRef {
  const units = [String(params.mark)];
  return check === 'mark'
    ? { check: 'units-active', params: { node: 'n1', units, activeForMs: 0 } }
    : { check: 'units-stopped', params: { node: 'n1', units } };
}

export function compiled(plan: Plan = simPlan): CompiledPlan {
  return { plan, hash: sha256Hex(canonicalJson(plan)), commands: {}, undoCommands: {} };
}

export function request(requestId = 'r1', plan: Plan = simPlan): StartRequest {
  const one = compiled(plan);
  return { compiled: one, planHash: one.hash, operator: 'ana', requestId, change: 'CHG-1', reason: 'test' };
}

export interface Process {
  service: RunService;
  views: RunViews;
  isDead(): boolean;
}

export class Site {
  readonly clock = new FakeClock();
  readonly memory = new Memory();
  readonly fleet: SimFleet;
  readonly meters: string[] = [];
  /** What who watches is told beside events. */
  readonly notices: string[] = [];
  private epoch = 0;

  constructor(world: World = new World()) {
    this.fleet = new SimFleet(world);
  }

  /** Starts a coordinator's process, of the next epoch. */
  process(fate?: Fate, onDeath?: () => void, delay?: (what: string) => Promise<void>, notifier?: Notifier): Process {
    this.epoch += 1;
    const door = this.memory.door(fate, onDeath, delay);
    const fleet = this.fleet.door(door.isDead);
    const { clusterLog, artefacts } = door;
    const progress: ProgressFeed = {
      tell: (_run, { notice }) => void (notice === undefined || this.notices.push(notice)),
      listen: () => () => undefined,
    };
    const membership = {
      nodesOf: async () => ok(simPlan.cluster.nodes.map(({ name }) => name)),
      clusterOf: async () => ok(simPlan.cluster.cluster),
    };
    const { refusals } = this.memory;
    const guarded = { refusals, ...membership, clock: this.clock, log: quiet };
    const journal = guardJournal({ ...guarded, journal: door.journal, heldHeads: fleet.heldHeads });
    const service = createRunService({
      refusals,
      ...membership,
      journal,
      clusterLog,
      artefacts,
      fleet,
      progress,
      clock: this.clock,
      log: quiet,
      ...(notifier && { notifier }),
      coordinator: `c${this.epoch}`,
      epoch: this.epoch,
      meterOf: (run) => ({
        start: async () => void this.meters.push(`start ${run}`),
        stop: async () => void this.meters.push(`stop ${run}`),
        sum: async () => ({
          type: 'PortalMetered',
          downMs: 100,
          longestMs: 100,
          unobservedMs: 0,
          samples: 10,
          failures: 1,
          intervals: [{ fromMs: 0, toMs: 100 }],
          artefact: '',
        }),
      }),
    });
    const seen = { journal, evidence: door.journal, refusals, artefacts, fleet, progress };
    const views = createRunViews({ ...seen, troubleOf: service.troubleOf });
    return { service, views, isDead: door.isDead };
  }

  /** Lets simulated time pass until the promise is settled. */
  run<T>(promise: Promise<T>): Promise<T> {
    return this.clock.run(promise, this.fleet);
  }

  /** Lets time pass until the run has this status. */
  async until(run: string, ...statuses: string[]): Promise<void> {
    const look = async (): Promise<void> => {
      for (let turn = 0; turn < 50_000; turn += 1) {
        if (statuses.includes(this.statusOf(run))) return;
        await this.clock.sleep(50);
      }
      throw new Error(`run ${run} is ${this.statusOf(run)}, never ${statuses.join(' or ')}`);
    };
    await this.run(look());
  }

  events(run: string): RunEvent[] {
    return (this.memory.runs.get(run) ?? []).map((bytes) => JSON.parse(bytes) as RunEvent);
  }

  /** As the newest event that changes it says. */
  statusOf(run: string): string {
    for (const { fact } of this.events(run).toReversed()) {
      if (fact.type === 'RunEnded' || fact.type === 'RunHalted') return fact.status;
      if (fact.type === 'OperatorDecided' && fact.decision !== 'pause') return 'running';
    }
    return 'running';
  }
}
