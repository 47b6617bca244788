// All runs of this coordinator: starts them, takes them up again, hands them what operators and agents say, and closes
// them. What a run does is its runner's.
import type { Clock } from '../../shared/clock.ts';
import { type Failure, fail, ok, type Result } from '../../shared/failures.ts';
import type { Log } from '../../shared/log.ts';
import type { Cluster } from '../cluster/cluster.ts';
import type { Fleet } from '../fleet/fleet.ts';
import type { RunOpened } from '../journal/cluster-log.ts';
import type { RunFact } from '../journal/event.ts';
import type { Notifier } from '../notify/notice.ts';
import { createRunTeller } from '../notify/tell-of-run.ts';
import type { CompiledPlan, Plan } from '../plans/plan.ts';
import type { ProbeLog } from '../probes/probe-log.ts';
import type { Limits } from '../sequencer/limits.ts';
import type { RunState } from '../sequencer/state.ts';
import { fill } from '../sequencer/template.ts';
import { finishGivingBack, keepGivingBack } from './give-back.ts';
import { beginHandedOver, openSuccessor, successorOf, untilBegun } from './handover.ts';
import { sayToIdle } from './idle-word.ts';
import { keepAttended } from './keep-attended.ts';
import { listenToNodes } from './listen-to-nodes.ts';
import {
  clusterLogClose,
  endUnstarted,
  loadPlan,
  type OpeningParts,
  openRun,
  runIdOf,
  type StartRequest,
} from './opening.ts';
import type { ProgressFeed } from './progress.ts';
import type { Refusals } from './refusals.ts';
import type { RunMeter } from './run-meter.ts';
import { type OperatorWord, type Runner, type RunnerParts, startRunner } from './runner.ts';
import { stateIn } from './state-in.ts';
import { type Leases, leasesOf } from './suspension-lease.ts';
import { tellEnded } from './tell-over.ts';

export interface RunServiceParts extends OpeningParts {
  coordinator: string;
  fleet: Fleet;
  refusals: Refusals;
  nodesOf(cluster: string): Promise<Result<string[]>>;
  progress: ProgressFeed;
  meterOf(run: string, cluster: Cluster): RunMeter;
  clock: Clock;
  log: Log;
  notifier?: Notifier;
  lastProbe?: ProbeLog['last'];
  limits?: Limits;
  agentsBack?: NonNullable<RunnerParts['agentsBack']>;
}

export interface RunService {
  /** Starts a run; the same request again gives the same run. */
  startRun(request: StartRequest): Promise<Result<string>>;
  /** Ends a run that stands, as it was `seen`, in favour of one that goes on from there and holds the cluster from then on. */
  handOver(of: string, request: StartRequest & { seen?: number }): Promise<Result<string>>;
  /** Waits for a run that was handed over under this request, or fails with why it was not. */
  untilHandedOver(of: string, successor: { run: string }): Promise<Result<string>>;
  /** Takes up every open run, and closes what a crash left half closed. At the coordinator's start, once. */
  resumeAll(): Promise<Result<void>>;
  /** An operator's decision. */
  decide(run: string, word: OperatorWord): Promise<Result<void>>;
  /** State of a run that this coordinator works on. */
  stateOf(run: string): RunState | undefined;
  /** What keeps a run from going on by itself just now. */
  troubleOf(run: string): Failure | undefined;
  /** Ends the work here; the runs stay as they are. */
  stop(): Promise<void>;
}

const closeRetryMs = 2_000;

/** The runs of a coordinator that leads with `epoch`. */
export function createRunService(parts: RunServiceParts): RunService {
  const { journal, clusterLog, artefacts, clock, log, epoch } = parts;
  const runners = new Map<string, Runner>();
  const working = new Set<Promise<unknown>>();
  const stopping = new AbortController();
  const starting = new Set<string>();
  const teller = createRunTeller(parts);
  /** Runs whose work here was ended by another coordinator, damage or a bug: it is not begun again by itself. */
  const givenUp = new Set<string>();
  /** Why which run cannot be taken up: said once. */
  const warned = new Set<string>();

  const work = (run: string, { plan, expected }: CompiledPlan, isTakeover: boolean): void => {
    if (runners.has(run)) return;
    const meter = parts.meterOf(run, plan.cluster);
    const onTrouble = (trouble: Failure | undefined) => {
      const { sequence } = runner.state();
      const at = new Date(clock.nowMs()).toISOString();
      parts.progress.tell(run, { schema: 1, sequence, at, notice: trouble?.message ?? '' });
    };
    const filled = { ...plan, items: fill(plan.items, { run }) };
    const leases = leasesOf(parts, filled);
    const onEvent = (fact: RunFact, state: RunState) => {
      leases.heed(fact, state);
      teller.ofEvent(plan, fact, state);
    };
    const watching = { onTrouble, onEvent };
    const runner: Runner = startRunner({ ...parts, run, meter, plan: filled, expected, ...watching }, isTakeover);
    runners.set(run, runner);
    care(run, teller.ofPast(run));
    care(run, attend(run, plan, runner, meter, leases));
  };

  const attend = async (run: string, plan: Plan, runner: Runner, meter: RunMeter, leases: Leases): Promise<void> => {
    if (plan.items.some((item) => item.kind === 'step' && item.takesPortalDown)) await meter.start();
    const over = new AbortController();
    void leases.keep(over.signal, runner.state);
    const end = await runner.done;
    over.abort();
    await meter.stop();
    runners.delete(run);
    if (end.is === 'deposed' || end.is === 'failed') givenUp.add(run);
    switch (end.is) {
      case 'ended':
        return await close(run, plan.cluster.cluster, end.state);
      case 'deposed':
        log.warn('the run goes on elsewhere', { run, newerEpoch: end.epoch });
        return;
      case 'failed':
        log.error('the run goes no further; it keeps its cluster', { run, reason: end.failure.message });
        teller.ofTrouble(plan.cluster.cluster, run, end.failure.message);
        return;
      case 'stopped':
        return;
    }
  };

  /** Tells the nodes that the run is over and gives the cluster back or on; tried until it is done or the coordinator ends. */
  const close = async (run: string, cluster: string, state: RunState): Promise<void> => {
    const nodes = new Set(Object.values(state.items).flatMap(({ attempts }) => attempts.map(({ node }) => node)));
    await Promise.all([...nodes].map((node) => tellEnded(parts, node, state)));
    while (!stopping.signal.aborted) {
      const closed = await passOn(cluster, state);
      if (closed.ok) return;
      if (state.ended?.successor !== undefined && closed.failure.code === 'conflict')
        return void log.info('the cluster was handed over before', { run, reason: closed.failure.message });
      log.warn('the cluster is not given back yet', { run, cluster, reason: closed.failure.message });
      await clock.sleep(closeRetryMs, stopping.signal);
    }
  };

  const passOn = async (cluster: string, state: RunState): Promise<Result<unknown>> => {
    const { ended, successor } = state;
    if (ended?.successor === undefined || successor === undefined)
      return await clusterLogClose(parts, cluster, state.run, state.status);
    const opened = await openSuccessor(parts, cluster, state, successor);
    return opened.ok ? await takeOn(opened.value) : opened;
  };

  /** Works on a run that has just been begun, here or elsewhere. */
  const takeOn = async (run: string): Promise<Result<string>> => {
    // As it was stored, so that a repeated request goes on with the plan of the first one.
    const read = await journal.read(run);
    if (!read.ok) return read;
    const state = stateIn(run, read.value);
    const compiled = await loadPlan(artefacts, state);
    if (!compiled.ok) return compiled;
    // Its start may be another coordinator’s, whose word on it came late.
    if (state.ended === undefined) work(run, compiled.value, state.sequence > 1 || state.epoch !== epoch);
    return ok(run);
  };

  const resume = async (cluster: string, opened: RunOpened): Promise<Result<unknown>> => {
    const { run, after } = opened;
    const read = await journal.read(run);
    if (!read.ok) return (await finishGivingBack(parts, run)) ?? read;
    const state = stateIn(run, read.value);
    if (state.started === undefined && after !== undefined) {
      const begun = await beginHandedOver(parts, cluster, { ...opened, after });
      return begun.ok ? await takeOn(run) : ((await finishGivingBack(parts, after)) ?? begun);
    }
    if (state.started === undefined || state.started.planArtefact === '') {
      const ended = await endUnstarted(parts, cluster, opened);
      if (ended.ok) care(run, teller.ofPast(run));
      return ended;
    }
    if (state.ended !== undefined) {
      care(run, teller.ofPast(run));
      return ok(await close(run, cluster, state));
    }
    const compiled = await loadPlan(artefacts, state);
    if (!compiled.ok) return compiled;
    log.info('taking up a run', { run, cluster, epoch });
    return ok(work(run, compiled.value, true));
  };

  /** Takes up the run that holds a cluster; false where the bus gave no answer and it has to be tried again. */
  const tryTakeUp = async (cluster: string): Promise<boolean> => {
    try {
      const holder = await clusterLog.holder(cluster);
      if (holder.ok && holder.value === undefined) return true;
      const tried = holder.ok && holder.value !== undefined ? await resume(cluster, holder.value) : holder;
      if (tried.ok) return true;
      log.error('a run cannot be taken up again', { cluster, reason: tried.failure.message });
      return tried.failure.code === 'damaged';
    } catch (error) {
      // One run whose journal this version cannot fold must not keep the others from going on.
      log.error('a bug keeps a run from being taken up again', { cluster, error: String(error) });
      return true;
    }
  };

  const takeUp = async (cluster: string): Promise<void> => {
    do await clock.sleep(closeRetryMs, stopping.signal);
    while (!stopping.signal.aborted && !(await tryTakeUp(cluster)));
  };

  const care = (what: string, task: Promise<void>): void => {
    const cared = task.catch((error: unknown) =>
      log.error('a bug ended the care for a run', { what, error: String(error) }),
    );
    working.add(cared);
    void cared.then(() => working.delete(cared));
  };

  const unlisten = listenToNodes(parts, runners, care);

  /**
   * What nobody works on must not hold a cluster: what a crash left half opened or half closed, and what a coordinator that
   * is deposed by now has opened last, after this one had looked for open runs.
   */
  const heal = async (cluster: string): Promise<void> => {
    const holder = await clusterLog.holder(cluster);
    if (!holder.ok || holder.value === undefined) return;
    const { run } = holder.value;
    if (runners.has(run) || starting.has(run) || givenUp.has(run)) return;
    // One run whose journal this version cannot fold must not keep the others from going on.
    const taken = await resume(cluster, holder.value).catch((error: unknown) => fail('internal', String(error)));
    if (taken.ok || warned.has(`${run} ${taken.failure.message}`)) return;
    warned.add(`${run} ${taken.failure.message}`);
    log.warn('a run cannot be taken up', { run, cluster, reason: taken.failure.message });
  };

  return {
    async startRun(request) {
      if (stopping.signal.aborted) return fail('unreachable', 'the coordinator is being stopped', { retryable: true });
      const run = runIdOf(request.compiled.plan.name, request.requestId);
      starting.add(run);
      try {
        let opened = await openRun(parts, request);
        if (!opened.ok && opened.failure.code === 'conflict') {
          await heal(request.compiled.plan.cluster.cluster);
          opened = await openRun(parts, request);
        }
        return opened.ok ? await takeOn(run) : opened;
      } finally {
        starting.delete(run);
      }
    },
    async handOver(of, request) {
      const successor = await successorOf(parts, request);
      if (!successor.ok) return successor;
      const { operator, reason, requestId } = request;
      const decision = request.compiled.plan.name === 'recover' ? ('recover' as const) : ('rollback' as const);
      const word = { decision, operator, reason, requestId, successor: successor.value };
      const said = await this.decide(of, word);
      return said.ok ? await untilBegun(parts, of, successor.value) : said;
    },
    untilHandedOver: (of, successor) => untilBegun(parts, of, successor),
    async resumeAll() {
      const clusters = await clusterLog.clusters();
      if (!clusters.ok) return clusters;
      await Promise.all(
        clusters.value.map(async (cluster) => {
          if (!(await tryTakeUp(cluster))) care(cluster, takeUp(cluster));
        }),
      );
      care('clusters', keepAttended(parts, heal, stopping.signal));
      return ok(undefined);
    },
    async decide(run, word) {
      const taken = (cluster: string) => heal(cluster).then(() => runners.get(run));
      const finishLater = (given: string) => care(given, keepGivingBack(parts, given, stopping.signal));
      return await (runners.get(run)?.say(word) ?? sayToIdle({ ...parts, takeUp: taken, finishLater }, run, word));
    },
    stateOf: (run) => runners.get(run)?.state(),
    troubleOf: (run) => runners.get(run)?.trouble(),
    async stop() {
      stopping.abort();
      unlisten();
      await Promise.all([...runners.values()].map((runner) => runner.stop()));
      await Promise.all(working);
    },
  };
}
