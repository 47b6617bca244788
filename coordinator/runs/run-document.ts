// A run as `run show --json` prints it: its folded state beside its plan. Pure; what only a look at the nodes can tell is
// given as `now`.

import { jobEndOf } from '../../shared/actions/jobs/job.ts';
import type {
  FailoverText,
  HaltDocument,
  RunDocument,
  RunStepDocument,
  RunSummaryDocument,
} from '../../shared/documents.ts';
import type { Head } from '../fleet/fleet.ts';
import type { CompiledPlan, PlanItem } from '../plans/plan.ts';
import { nextCommands } from '../sequencer/legal.ts';
import type { NodeSeen } from '../sequencer/seen.ts';
import { type ItemState, itemState, latestAttempt, type RunState } from '../sequencer/state.ts';

/** What was read while the document was asked for. */
export interface Now {
  failover: FailoverText;
  /** Units that are active, such as `n1: ft-main-server`. */
  runsNow: string[];
  downNow: string[];
  /** Whether their agents can be asked. */
  nodes: Readonly<Record<string, NodeSeen>>;
}

const iso = (atMs: number): string => new Date(atMs).toISOString();

/** The whole document. */
export function runDocument(compiled: CompiledPlan, state: RunState, head: Head, now: Now): RunDocument {
  const { plan, hash } = compiled;
  const halt = haltDocument(state, now);
  const { metered } = state;
  return {
    schema: 1,
    ...runSummary(state),
    planHash: hash,
    parameters: plan.parameters,
    failover: state.ended?.failoverArmed ?? now.failover,
    steps: plan.items.map((item) => stepDocument(item, itemState(state, item.id), state)),
    ...(halt === undefined ? {} : { halt }),
    next: nextCommands(plan, state, now.nodes),
    ...(metered === undefined
      ? {}
      : {
          portal: {
            downMs: metered.downMs,
            longestMs: metered.longestMs,
            unobservedMs: metered.unobservedMs,
            samples: metered.samples,
            failures: metered.failures,
            intervals: metered.intervals,
          },
        }),
    head,
  };
}

/** The line of `run ls`. */
export function runSummary(state: RunState): RunSummaryDocument {
  const { started, ended, halt } = state;
  return {
    id: state.run,
    cluster: started?.cluster ?? '',
    plan: started?.plan ?? '',
    status: state.status,
    operator: started?.operator ?? '',
    startedAt: iso(state.startedAtMs),
    ...(state.endedAtMs === undefined ? {} : { endedAt: iso(state.endedAtMs) }),
    message: ended?.message ?? halt?.message ?? '',
    ...(isRollback(started) ? { rollbackOf: started.parameters.of } : {}),
  };
}

type Started = NonNullable<RunState['started']>;

const isRollback = (started: Started | undefined): started is Started & { parameters: { of: string } } =>
  started?.plan === 'rollback' && typeof started.parameters.of === 'string';

/** The same of a run that another one goes back from; `rollbacks` are all there are, the newest first. */
export function withRollback<D extends RunSummaryDocument | RunDocument>(
  document: D,
  rollbacks: readonly RunSummaryDocument[],
): D {
  const own = rollbacks.filter(({ rollbackOf, status }) => rollbackOf === document.id && status !== 'failed');
  const by = own.find(({ status }) => status === 'rolled-back') ?? own[0];
  if (by === undefined) return document;
  if (by.status !== 'rolled-back') return { ...document, rolledBackBy: by.id };
  const message = `rolled back by ${by.id}; before that ${document.status}: ${document.message}`;
  return { ...document, rolledBackBy: by.id, status: by.status, message };
}

function stepDocument(item: PlanItem, standing: ItemState, state: RunState): RunStepDocument {
  const attempt = latestAttempt(standing, 'undo') ?? latestAttempt(standing, 'do');
  const { startedAtMs } = standing;
  const endedAtMs = standing.tookUntilMs ?? standing.endedAtMs;
  const reads = Object.values(standing.reads).toSorted((a, b) => a.sequence - b.sequence);
  const failure = (attempt?.lateOutcome ?? attempt?.outcome)?.failure;
  return {
    id: item.id,
    kind: item.kind,
    phase: item.phase,
    title: item.title.replaceAll('{{run}}', state.run),
    node: item.kind === 'step' ? item.node : '',
    status: state.ended !== undefined && standing.status === 'pending' ? 'skipped' : standing.status,
    attempts: standing.attempts.length,
    ...(startedAtMs === undefined ? {} : { startedAt: iso(startedAtMs) }),
    ...(startedAtMs === undefined || endedAtMs === undefined ? {} : { elapsedMs: endedAtMs - startedAtMs }),
    // Of every attempt on the way ahead, so that a dry run can be held against it.
    commands: latestAttempt(standing, 'do')?.outcome?.commands ?? [],
    ...(failure === undefined ? {} : { failure }),
    checks: reads.at(-1)?.results ?? [],
  };
}

function haltDocument({ halt, run, items }: RunState, now: Now): HaltDocument | undefined {
  if (halt === undefined) return undefined;
  const logs = (items[halt.item]?.attempts ?? []).flatMap(({ node, outcome, lateOutcome }) => {
    const answer = (lateOutcome ?? outcome)?.answer;
    const job = jobEndOf(answer);
    return job === undefined ? [] : [`${node}:${job.logFile}`];
  });
  return {
    item: halt.item,
    reason: halt.reason,
    message: halt.message,
    evidence: halt.evidence,
    runsNow: now.runsNow,
    downNow: now.downNow,
    evidenceAt: [`baton run logs ${run}`, `baton run export ${run}`, ...logs],
  };
}
