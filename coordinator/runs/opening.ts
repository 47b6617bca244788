// How a run comes into being and how its cluster is given back: lock, plan, first event, in an order that a crash at any
// point leaves either complete or to be healed.
import type { Clock } from '../../shared/clock.ts';
import { fail, ok, type Result } from '../../shared/failures.ts';
import { canonicalJson, sha256Hex } from '../../shared/hash.ts';
import type { Artefacts } from '../journal/artefacts.ts';
import { emptyHead, headOf } from '../journal/chain.ts';
import type { ClusterLog, RunOpened } from '../journal/cluster-log.ts';
import type { RunFact } from '../journal/event.ts';
import type { Journal } from '../journal/journal.ts';
import type { CompiledPlan } from '../plans/plan.ts';
import { fold } from '../sequencer/apply.ts';
import type { RunState } from '../sequencer/state.ts';
import type { GuardedJournal } from './guarded-journal.ts';

export interface StartRequest {
  compiled: CompiledPlan;
  /** Hash of the plan that the operator has seen. */
  planHash: string;
  operator: string;
  /** The same request starts one run, however often it arrives. */
  requestId: string;
  change: string;
  reason: string;
  /** It ends by itself where others would wait for a person. */
  isUnattended?: true;
}

export interface OpeningParts {
  journal: GuardedJournal;
  clusterLog: ClusterLog;
  artefacts: Artefacts;
  clock: Clock;
  epoch: number;
}

/** The id of the run that a request starts: the same for the same request. */
export const runIdOf = (plan: string, requestId: string): string => `${plan}-${sha256Hex(requestId).slice(0, 8)}`;

type RunStarted = Extract<RunFact, { type: 'RunStarted' }>;

/** Takes the cluster and journals the start. Fails with `conflict`, naming the run that holds the cluster. */
export async function openRun(parts: OpeningParts, request: StartRequest): Promise<Result<string>> {
  const { journal, clusterLog, artefacts, clock, epoch } = parts;
  const { compiled, operator, requestId, change, reason, isUnattended } = request;
  const { plan, hash } = compiled;
  const run = runIdOf(plan.name, requestId);
  if (request.planHash !== hash)
    return fail('conflict', 'the plan is another one by now than the one that was agreed to; look at it again');
  const known = await journal.read(run);
  if (!known.ok) return known;
  if (known.value.length > 0) return ok(run);

  const cluster = plan.cluster.cluster;
  const lost = await journal.whyNotOpen(cluster);
  if (!lost.ok) return lost;
  if (lost.value !== undefined) return fail('restored-state', `cluster ${cluster} is not free: ${lost.value}`);
  const planArtefact = await artefacts.put(canonicalJson(compiled));
  if (!planArtefact.ok) return planArtefact;
  const atMs = clock.nowMs();
  const opened = await clusterLog.open(cluster, { type: 'RunOpened', run, plan: plan.name, operator, epoch, atMs });
  if (!opened.ok) return opened;
  return await beginRun(parts, run, {
    type: 'RunStarted',
    cluster,
    plan: plan.name,
    planHash: hash,
    planArtefact: planArtefact.value,
    parameters: plan.parameters,
    operator,
    requestId,
    change,
    reason,
    ...(isUnattended && { isUnattended }),
  });
}

/** Journals the start of a run that has its cluster; twice is once. */
export async function beginRun(parts: OpeningParts, run: string, fact: RunStarted): Promise<Result<string>> {
  const { journal, clock, epoch } = parts;
  const appended = await journal.append({ run, head: emptyHead, epoch, atMs: clock.nowMs(), fact });
  switch (appended.status) {
    case 'appended':
    // The same request arrived twice, the other one was first.
    case 'behind':
      return ok(run);
    case 'deposed':
      return fail('refused-old-epoch', 'another coordinator has taken over; say it again');
    case 'failed':
      return { ok: false, failure: appended.failure };
  }
}

type ClosingParts = Pick<OpeningParts, 'clusterLog' | 'clock' | 'epoch'> & { journal: Journal };

/** Ends a run that took its cluster and was never started: the coordinator died in between. Journals both, so that a start under way fails. */
export async function endUnstarted(parts: ClosingParts, cluster: string, opened: RunOpened): Promise<Result<void>> {
  const { journal, clock, epoch } = parts;
  const facts: RunFact[] = [
    {
      type: 'RunStarted',
      cluster,
      plan: opened.plan,
      planHash: '',
      planArtefact: '',
      parameters: {},
      operator: opened.operator,
      requestId: '',
      change: '',
      reason: '',
    },
    {
      type: 'RunEnded',
      status: 'failed',
      message: 'the coordinator was stopped before the run began; nothing was touched',
      failoverArmed: 'unknown',
    },
  ];
  for (const fact of facts) {
    const read = await journal.read(opened.run);
    if (!read.ok) return read;
    const state = fold(
      opened.run,
      read.value.map(({ event }) => event),
    );
    if (state.ended !== undefined) break;
    if (fact.type === 'RunStarted' && state.started !== undefined) {
      // It was begun after all; it is no unstarted run.
      if (state.started.planArtefact !== '') return ok(undefined);
      continue;
    }
    const appended = await journal.append({
      run: opened.run,
      head: headOf(read.value),
      epoch,
      atMs: clock.nowMs(),
      fact,
    });
    if (appended.status === 'failed') return { ok: false, failure: appended.failure };
    if (appended.status !== 'appended') return fail('conflict', `run ${opened.run} is begun by someone else`);
  }
  return await clusterLogClose(parts, cluster, opened.run, 'failed');
}

/** Gives the cluster back. */
export function clusterLogClose(
  { clusterLog, clock, epoch }: Omit<ClosingParts, 'journal'>,
  cluster: string,
  run: string,
  status: RunState['status'],
): Promise<Result<void>> {
  return clusterLog.close(cluster, { type: 'RunClosed', run, status, epoch, atMs: clock.nowMs() });
}

/** The plan of a run as it was stored at its start. */
export async function loadPlan(artefacts: Artefacts, state: RunState): Promise<Result<CompiledPlan>> {
  const artefact = state.started?.planArtefact ?? '';
  if (artefact === '') return fail('not-found', `run ${state.run} never began; it has no plan`);
  const bytes = await artefacts.get(artefact);
  // It was stored before the event that names it.
  if (!bytes.ok && ['not-found', 'damaged'].includes(bytes.failure.code))
    return fail(
      'damaged',
      `run ${state.run}: its plan is damaged: ${bytes.failure.message}; this run goes no further. Its journal is whole: baton run export ${state.run}; then baton run abort ${state.run} gives the cluster back`,
    );
  if (!bytes.ok) return bytes;
  return ok(JSON.parse(bytes.value.toString()) as CompiledPlan);
}
