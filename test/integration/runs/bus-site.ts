// Runs on a real bus, with real journals, locks, artefacts and meter; only the cluster behind the agents is simulated.

import { openArtefacts } from '../../../coordinator/journal/artefacts.ts';
import type { StoredEvent } from '../../../coordinator/journal/chain.ts';
import { openClusterLog } from '../../../coordinator/journal/cluster-log.ts';
import type { Journal } from '../../../coordinator/journal/journal.ts';
import { becomeLeader } from '../../../coordinator/journal/leadership.ts';
import { openJournal } from '../../../coordinator/journal/nats-journal.ts';
import { guardJournal } from '../../../coordinator/runs/guarded-journal.ts';
import { openProgressFeed, type ProgressFeed } from '../../../coordinator/runs/progress.ts';
import { openRefusals } from '../../../coordinator/runs/refusals.ts';
import { createRunMeter, type RunMeter } from '../../../coordinator/runs/run-meter.ts';
import { createRunService, type RunService } from '../../../coordinator/runs/run-service.ts';
import { createRunViews, type RunViews } from '../../../coordinator/runs/run-views.ts';
import { ok } from '../../../shared/failures.ts';
import type { Log } from '../../../shared/log.ts';
import { FakeClock } from '../../unit/runs/fake-clock.ts';
import { SimFleet } from '../../unit/runs/sim-fleet.ts';
import { World } from '../../unit/sequencer/world.ts';
import { must, startTestBus, type TestBus } from '../bus/test-bus.ts';

const quiet = { debug() {}, info() {}, warn() {}, error() {} } as unknown as Log;

export interface BusProcess {
  service: RunService;
  views: RunViews;
  progress: ProgressFeed;
  epoch: number;
  journalOf(run: string): Promise<StoredEvent[]>;
  holder(cluster: string): Promise<string | undefined>;
  stop(): Promise<void>;
  /** As kill -9: nothing that it does from now on reaches anybody. */
  kill(): void;
}

export class BusSite {
  readonly clock = new FakeClock(1);
  readonly fleet = new SimFleet(new World());
  readonly test: TestBus;

  constructor(test: TestBus) {
    this.test = test;
  }

  static async start(): Promise<BusSite> {
    return new BusSite(await startTestBus());
  }

  /** A coordinator's process, elected with the next epoch. */
  async process(): Promise<BusProcess> {
    const { bus } = this.test;
    const leadership = must(await becomeLeader(bus, { coordinator: 'c', isAlone: true }));
    const journal = must(await openJournal(bus));
    const artefacts = openArtefacts(bus);
    const clusterLog = openClusterLog(bus);
    const progress = openProgressFeed(bus);
    const meters: RunMeter[] = [];
    let isDead = false;
    const never = new Promise<never>(() => undefined);
    const fleet = this.fleet.door(() => isDead);
    const refusals = must(await openRefusals(bus));
    const membership = { nodesOf: async () => ok(['n1', 'n2', 'n3']), clusterOf: async () => ok('sim') };
    const mortal: Journal = {
      ...journal,
      append: (append) => (isDead ? never : journal.append(append)),
      read: (run, knownHeads) => (isDead ? never : journal.read(run, knownHeads)),
    };
    const parts = { refusals, ...membership, clock: this.clock, log: quiet };
    const guarded = guardJournal({ ...parts, journal: mortal, heldHeads: fleet.heldHeads });
    const service = createRunService({
      refusals,
      ...membership,
      journal: guarded,
      clusterLog,
      artefacts,
      fleet,
      progress,
      clock: this.clock,
      log: quiet,
      coordinator: `c${leadership.epoch}`,
      epoch: leadership.epoch,
      meterOf: (run, cluster) => {
        const meter = createRunMeter({ bus, artefacts, log: quiet, run, cluster });
        meters.push(meter);
        return meter;
      },
    });
    return {
      service,
      views: createRunViews({ journal: guarded, evidence: journal, refusals, artefacts, fleet, progress }),
      progress,
      epoch: leadership.epoch,
      journalOf: async (run) => must(await journal.read(run)),
      holder: async (cluster) => must(await clusterLog.holder(cluster))?.run,
      stop: async () => {
        await service.stop();
        leadership.stop();
      },
      kill: () => {
        isDead = true;
        leadership.stop();
        for (const meter of meters) void meter.stop();
      },
    };
  }

  run<T>(promise: Promise<T>): Promise<T> {
    return this.clock.run(promise, this.fleet);
  }

  /** Lets time pass until the condition holds. */
  until(condition: () => boolean | Promise<boolean>): Promise<void> {
    const look = async (): Promise<void> => {
      const deadlineMs = performance.now() + 60_000;
      while (performance.now() < deadlineMs) {
        if (await condition()) return;
        await this.clock.sleep(50);
      }
      throw new Error('it never came to be');
    };
    return this.run(look());
  }
}
