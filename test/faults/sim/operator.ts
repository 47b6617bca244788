// A simple operator: starts the run, says what is legal when it stands, does by hand what the remedies say, joins restored
// nodes anew. Knows nothing of any plan.
import type { CheckResult } from '../../../coordinator/checks/check.ts';
import { nodeOf } from '../../../coordinator/cluster/cluster.ts';
import type { Decision } from '../../../coordinator/journal/event.ts';
import type { CompiledPlan } from '../../../coordinator/plans/plan.ts';
import { runIdOf } from '../../../coordinator/runs/opening.ts';
import { legalDecisions } from '../../../coordinator/sequencer/legal.ts';
import { isStanding, itemState, type RunState } from '../../../coordinator/sequencer/state.ts';
import type { Action } from '../../../shared/actions/action.ts';
import { isJob } from '../../../shared/actions/jobs/job.ts';
import { mendDatabases } from './by-hand.ts';
import { lockOf } from './evidence.ts';
import { SimProcess } from './process.ts';
import { goBack } from './rollback-site.ts';
import { carryOutServerJob } from './server-jobs.ts';
import type { Coordinator, Site } from './site.ts';
import { refusedRuns } from './site-records.ts';
import { cluster } from './world.ts';

/** What the operator says first to a step that failed; `nobody` is there where a schedule has started the run. */
export type Way = 'retry' | 'adopt' | 'abort' | 'rollback' | 'nobody';

const lookMs = 500;
/** By then a healthy site has told its clocks. */
const beginMs = 3_000;
const answerWithinMs = 40_000;
const retriesMax = 4;

type Ready = NonNullable<Coordinator['ready']>;

export interface Operator {
  run: string;
  /** The run that goes back from it, once it is begun. */
  back: string | undefined;
  /** What it said, in order. */
  said: string[];
  /** How often it was heeded. While an agent cannot be asked, every word is refused. */
  heeded: number;
}

export function startOperator(site: Site, compiled: CompiledPlan, way: Way): Operator {
  const requestId = 'request-1';
  let backRequests = 1;
  const run = runIdOf(compiled.plan.name, requestId);
  const { clock } = new SimProcess('operator', site.time, { offsetMs: 0 });
  const operator: Operator = { run, back: undefined, said: [], heeded: 0 };
  const plans = new Map([[run, compiled]]);
  const retries = new Map<string, number>();
  let isStarted = false;
  let healthySinceMs: number | undefined;

  /** An answer that never comes, from a coordinator that died, is not waited for. */
  const answered = async <T>(answer: Promise<T>): Promise<T | undefined> =>
    Promise.race([answer, clock.sleep(answerWithinMs).then(() => undefined)]);

  const choose = (state: RunState): Decision | undefined => {
    // As a schedule: nobody is there.
    if (way === 'nobody') return undefined;
    const of = plans.get(state.run) ?? compiled;
    const legal = legalDecisions(of.plan, state).map(({ decision }) => decision);
    if (way === 'rollback' && legal.includes('rollback')) return 'rollback';
    for (const easy of ['approve', 'resume'] as const) if (legal.includes(easy)) return easy;
    const item = state.halt?.item ?? '';
    const count = retries.get(item) ?? 0;
    retries.set(item, count + 1);
    if (count > 0) for (const check of state.halt?.checks ?? []) repair(site, check);
    if (count > 0 && state.halt !== undefined) mendDatabases(site.world, of.plan, state.halt);
    // What was taken as done and did not hold has to be carried out again, so neither word is said for ever.
    const isRetriedNow = count < retriesMax || count % 2 === 1;
    const first = way === 'rollback' ? 'retry' : way;
    const order: Decision[] =
      count === 0 ? [first, 'retry'] : isRetriedNow ? ['retry', 'adopt', 'abort'] : ['abort', 'adopt', 'retry'];
    const said = order.find((one) => legal.includes(one));
    if (said === 'adopt') finishByHand(site, of, state, item);
    return said;
  };

  /** What has to be done where the coordinator was put back, as ARCHITECTURE.md has it; false where nothing has. */
  const isTendingPutBack = async ({ runs, fleet }: Ready): Promise<boolean> => {
    const refused = refusedRuns(site.server);
    const open = refused.find(({ isClosed }) => !isClosed);
    if (open === undefined && refused.some((one) => one.run === run)) return true;
    const presence = (await answered(fleet.presence())) ?? [];
    if (presence.some(({ isCoordinatorBehind }) => isCoordinatorBehind)) {
      operator.said.push('restart');
      operator.heeded += 1;
      site.killCoordinator();
      return true;
    }
    if (open !== undefined) {
      // Illegal while a node cannot be asked; said again and again, it is one word.
      const word = {
        decision: 'abort' as const,
        operator: 'ana',
        reason: 'looked at the nodes',
        requestId: 'give-back',
      };
      await answered(runs.decide(open.run, word));
      return true;
    }
    const locks = lockOf(site.server);
    if (!locks.some((record) => record.run === operator.back)) operator.back = undefined;
    // Put back to before the run was opened: nobody knows of it, so it is asked for again.
    if (!locks.some((record) => record.run === run)) isStarted = false;
    return false;
  };

  const look = async (): Promise<void> => {
    // Without room nobody can be added anew.
    if (!site.server.isFull) for (const record of site.refusedNodes()) site.joinAnew(record);
    const ready = site.leader()?.ready;
    if (ready === undefined) return;
    const { runs } = ready;
    if (site.coordinatorPutBack.length > 0 && (await isTendingPutBack(ready))) return;
    if (!isStarted) {
      // Of several coordinators one has to be elected first, and found by the agents; nobody begins before that.
      if (site.coordinators.size > 1 && ready.hub.streams() < cluster.nodes.length) return;
      healthySinceMs ??= clock.monotonicMs();
      if (site.coordinators.size > 1 && clock.monotonicMs() - healthySinceMs < beginMs) return;
      const request = { compiled, planHash: compiled.hash, operator: 'ana', requestId, change: '', reason: '' };
      const who = way === 'nobody' ? ({ isUnattended: true } as const) : {};
      const started = await answered(runs.startRun({ ...request, ...who }));
      isStarted = started?.ok === true;
      return;
    }
    const state = runs.stateOf(operator.back ?? run);
    if (state === undefined || !isStanding(state)) {
      // Begun behind an answer that was lost, or by a coordinator that took over.
      const named = lockOf(site.server).findLast((one) => one.type === 'RunOpened' && one.after === run)?.run;
      if (operator.back !== undefined || named === undefined) return;
      const started = await answered(ready.views.past(named));
      if (started?.ok !== true) return;
      operator.back = named;
      plans.set(named, started.value.compiled);
      return;
    }
    const decision = choose(state);
    if (decision === undefined) return;
    operator.said.push(`${decision} ${state.halt?.item ?? ''}`);
    if (decision === 'rollback') {
      const handed = await answered(goBack(ready, compiled.plan.cluster, run, `back-${backRequests}`));
      if (handed === undefined || (!handed.ok && handed.failure.retryable)) return;
      // What was refused, or could not be done, is asked for anew: the same request is heeded once.
      backRequests += 1;
      if (handed.ok) operator.heeded += 1;
      return;
    }
    const word = { decision, operator: 'ana', reason: '', requestId: `word-${operator.said.length}` };
    const taken = await answered(runs.decide(state.run, word));
    if (taken?.ok) operator.heeded += 1;
  };

  void (async () => {
    await clock.sleep(beginMs);
    for (;;) {
      await clock.sleep(lookMs);
      await look();
    }
  })();
  return operator;
}

/** Brings about what a check has missed, as its remedy says. */
function repair(site: Site, { id, node, verdict }: CheckResult): void {
  if (verdict === 'pass') return;
  const { world } = site;
  const master = world.node(nodeOf(cluster, 'master', 'app').name);
  const observer = world.node(nodeOf(cluster, 'observer').name);
  const { units } = cluster.application;
  const set = (name: string, isActive: boolean, names: string[]): void => {
    for (const unit of names) world.node(name).setActive(unit, isActive);
  };
  if (id === 'units-stopped') set(node, false, units);
  if (id === 'units-active' || id === 'portal-answers')
    set(master.name, true, [...units, cluster.web.unit, cluster.files.unit]);
  if (id === 'failover-suspended')
    for (const unit of cluster.observer.units) {
      observer.setActive(unit, false);
      observer.unit(unit).isMasked = true;
    }
  if (id === 'failover-armed')
    for (const unit of cluster.observer.units) {
      observer.unit(unit).isMasked = false;
      observer.setActive(unit, true);
    }
}

/** Finishes a step by hand before it is adopted. */
function finishByHand(site: Site, { plan }: CompiledPlan, state: RunState, id: string): void {
  const step = plan.items.find((item) => item.id === id);
  const attempt = itemState(state, id).attempts.at(-1);
  if (step?.kind !== 'step' || attempt === undefined) return;
  const action: Action = attempt.action;
  if (action.kind === 'runInstaller') site.world.node(step.node).install();
  if (isJob(action)) carryOutServerJob(action, site.world.node(step.node), site.world, state.run);
  if (action.kind !== 'sendRequest') return;
  if (action.method === 'DELETE') site.world.removeTicket(new URL(action.url).pathname.split('/').at(-1) ?? '');
  else {
    const { subject } = JSON.parse(action.body) as { subject: string };
    if (!site.world.tickets.has(subject)) site.world.makeTicket(subject);
  }
}
