// The courses that a run can take, each as a journal with the compiled plan that it belongs to. Recorded once for each
// version by record.ts; a new course is added at the end.
import type { Decision } from '../../coordinator/journal/event.ts';
import type { CompiledPlan, Plan } from '../../coordinator/plans/plan.ts';
import { runIdOf } from '../../coordinator/runs/opening.ts';
import type { ExportLineDocument } from '../../shared/documents.ts';
import type { Fate, Point } from '../faults/sim/director.ts';
import { compiledFor, type Scenario, simulate } from '../faults/sim/simulate.ts';
import type { Site as FaultSite } from '../faults/sim/site.ts';
import { compiled, request, Site, simPlan } from '../unit/runs/process.ts';
import { World } from '../unit/sequencer/world.ts';

export interface Recorded {
  lines: ExportLineDocument[];
  compiled: CompiledPlan;
}

export interface Course {
  name: string;
  /** What happens in it. */
  tells: string;
  /** Facts that it must contain, each as a pattern of its JSON: otherwise it is another course. */
  has: RegExp[];
  record(): Promise<Recorded>;
}

/** A real plan on the simulated site; `act` lets something happen at a boundary. */
function simulated(scenario: Scenario, act?: (site: FaultSite) => (where: string) => void): () => Promise<Recorded> {
  return async () => {
    let at: ((where: string) => void) | undefined;
    const fate = ({ what, side }: Point, _index: number, site: FaultSite): Fate => {
      at ??= act?.(site);
      at?.(`${side} ${what}`);
      return 'go on';
    };
    const { evidence, stuck } = await simulate(scenario, fate);
    const lines = Object.values(evidence.journals)[0];
    if (stuck !== undefined || lines === undefined) throw new Error(`it came to no end: ${stuck}`);
    return { lines, compiled: compiledFor(scenario.plan) };
  };
}

/** Does something the first time that a boundary is passed. */
function once(where: string, act: () => void): (passed: string) => void {
  let isDone = false;
  return (passed) => {
    if (isDone || passed !== where) return;
    isDone = true;
    act();
  };
}

/** The sample plan, which has an approval; what the operator says each time when the run stands. */
function spoken(given: {
  world?: World;
  says: Decision[];
  plan?: Plan;
  interrupt?: { before: string; says: Decision };
  told?: (world: World, run: string) => void;
}): () => Promise<Recorded> {
  return async () => {
    const plan = given.plan ?? simPlan;
    const run = runIdOf(plan.name, 'r1');
    const site = new Site(given.world);
    let interrupting: Promise<unknown> | undefined;
    const process = site.process(undefined, undefined, async (what) => {
      if (interrupting !== undefined || what !== given.interrupt?.before) return;
      interrupting = process.service.decide(run, word(given.interrupt.says, 'interrupt'));
    });
    await site.run(process.service.startRun(request('r1', plan)));
    for (const [index, decision] of given.says.entries()) {
      await site.until(run, 'halted', 'awaiting-operator');
      await site.run(process.service.decide(run, word(decision, `word-${index}`)));
      if (index === 0) given.told?.(site.fleet.world, run);
    }
    await site.until(run, 'succeeded', 'aborted');
    const exported = await site.run(process.views.export(run));
    if (!exported.ok) throw new Error(exported.failure.message);
    await site.run(process.service.stop());
    return { lines: exported.value, compiled: compiled(plan) };
  };
}

const word = (decision: Decision, requestId: string) => ({ decision, operator: 'ana', reason: 'as agreed', requestId });

const failing = 'master.install';

export const courses: Course[] = [
  {
    name: 'succeeded',
    tells: 'an upgrade without an incident',
    has: [/"type":"PortalMetered"/, /"status":"succeeded".*"type":"RunEnded"/],
    record: simulated({ plan: 'upgrade', way: 'retry' }),
  },
  {
    name: 'halted-retried',
    tells: 'the installer fails on the master; the operator says retry',
    has: [/"reason":"step-failed"/, /"decision":"retry".*"redo":\[/, /"status":"succeeded".*"type":"RunEnded"/],
    record: simulated({ plan: 'upgrade', way: 'retry', failing }),
  },
  {
    name: 'adopted',
    tells: 'the installer fails on the master; it is finished by hand and adopted',
    has: [/"decision":"adopt"/, /"adopted":true/],
    record: simulated({ plan: 'upgrade', way: 'adopt', failing }),
  },
  {
    name: 'aborted',
    tells: 'the installer fails on the master; the operator says abort, and what can be undone is',
    has: [/"decision":"abort"/, /"how":"undone"/, /"phase":"undo"/, /"status":"aborted".*"type":"RunEnded"/],
    record: simulated({ plan: 'upgrade', way: 'abort', failing }),
  },
  {
    name: 'taken-over',
    tells: 'the coordinator dies after the intent to run the installer, the next one goes on',
    has: [/"type":"LeaderChanged"/, /"status":"succeeded".*"type":"RunEnded"/],
    record: simulated({ plan: 'upgrade', way: 'retry' }, (site) =>
      once(`after append StepStarted ${failing} do`, () => site.killCoordinator()),
    ),
  },
  {
    name: 'unknown-settled',
    tells: 'the master reboots while the installer runs: nobody knows how it ended; it is settled before it runs again',
    has: [/"verdict":"unknown"/, /"reason":"step-unknown"/, /"type":"AttemptSettled"/],
    record: simulated({ plan: 'upgrade', way: 'retry' }, (site) =>
      once(`after start runInstaller ${failing} do`, () => site.reboot('n1')),
    ),
  },
  {
    name: 'restored-ledger',
    tells: 'the master is put back to an earlier state in the middle of the run',
    has: [/"reason":"restored-state"/],
    record: simulated({ plan: 'upgrade', way: 'retry' }, (site) => {
      let restore = (): void => undefined;
      const keep = once('before append StepStarted stage.n2 do', () => {
        restore = site.snapshotNode('n1');
      });
      const putBack = once(`after start runInstaller ${failing} do`, () => site.time.in(1, () => restore()));
      return (where) => {
        keep(where);
        putBack(where);
      };
    }),
  },
  {
    name: 'stage',
    tells: 'an installer is copied ahead of the window',
    has: [/"plan":"stage"/, /"status":"succeeded".*"type":"RunEnded"/],
    record: simulated({ plan: 'stage', way: 'retry' }),
  },
  {
    name: 'failover-suspend',
    tells: 'failover is suspended without an upgrade',
    has: [/"failoverArmed":"suspended"/],
    record: simulated({ plan: 'failover-suspend', way: 'retry' }),
  },
  {
    name: 'failover-arm',
    tells: 'failover is armed without an upgrade',
    has: [/"failoverArmed":"armed"/],
    record: simulated({ plan: 'failover-arm', way: 'retry' }),
  },
  {
    name: 'rejected',
    tells: 'an approval is rejected, asked again and given',
    has: [/"decision":"reject"/, /"reason":"rejected"/, /"decision":"approve"/],
    record: spoken({ says: ['reject', 'retry', 'approve'] }),
  },
  {
    name: 'paused',
    tells: 'the operator says pause while a step runs, and later resume',
    has: [/"decision":"pause"/, /"reason":"paused"/, /"decision":"resume"/],
    record: spoken({ says: ['resume', 'approve'], interrupt: { before: 'append StepStarted', says: 'pause' } }),
  },
  {
    name: 'late-outcome',
    tells: 'an installer of unknown end is settled and run again; then word comes that it had succeeded after all',
    has: [/"late":true/, /"reason":"evidence-contradicts"/],
    record: spoken({
      world: new World({ fates: ['well', 'well', 'well', 'unknown-without-effect'] }),
      says: ['retry', 'retry', 'approve'],
      told: (world, run) => world.tell({ run, step: 'install', phase: 'do', attempt: 1 }, 'succeeded'),
    }),
  },
];
