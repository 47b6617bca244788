// Operator › runs: what the service is asked, checked, and handed to the runs.
import type { RunDocument, RunStartedDocument } from '../../shared/documents.ts';
import { fail, ok, type Result } from '../../shared/failures.ts';
import { runPattern } from '../../shared/names.ts';
import { type OperatorRole, refusalOfDecision } from '../access/roles.ts';
import type { Audit } from '../audit/audit.ts';
import type { Decision } from '../journal/event.ts';
import type { CompiledPlan } from '../plans/plan.ts';
import type { ReleaseStore } from '../releases/release-store.ts';
import { runIdOf } from '../runs/opening.ts';
import type { RunService } from '../runs/run-service.ts';
import type { RunViews } from '../runs/run-views.ts';
import type { RunState } from '../sequencer/state.ts';
import { type CompileParts, compile, goesOnFrom, openRunOn } from './compile-plan.ts';

export interface RunParts extends CompileParts {
  runs: RunService;
  views: RunViews;
  releases: ReleaseStore;
  audit: Audit;
}

const requestPattern = /^[A-Za-z0-9-]{8,64}$/;
const textCharactersMax = 1_000;
const decisions: readonly string[] = [
  'pause',
  'resume',
  'retry',
  'adopt',
  'approve',
  'reject',
  'abort',
] satisfies Decision[];

/** The run's name if it can be one, so that no name reaches a stream or a file that is none. */
export function runName(run: string): Result<string> {
  return runPattern.test(run)
    ? ok(run)
    : fail('not-found', `there is no run ${JSON.stringify(run)}; see: baton run ls`);
}

/** Starts a run of the plan that the operator has seen; the same request again gives the same run. */
export async function startRun(
  parts: RunParts,
  request: {
    plan?: { plan: string; cluster: string; parametersJson: string } | undefined;
    planHash: string;
    requestId: string;
    change: string;
    reason: string;
    isUnattended?: true;
  },
  operator: string,
): Promise<Result<RunStartedDocument>> {
  const { plan: wanted, planHash, requestId } = request;
  if (wanted === undefined) return fail('bad-input', 'no plan is named');
  const wrong = checkRequest(request);
  if (!wrong.ok) return wrong;

  // Asked again after a lost answer, the nodes may be in the middle of the run: they are not what it was compiled from.
  const started = await parts.views.list(wanted.cluster);
  if (!started.ok) return started;
  const run = runIdOf(wanted.plan, requestId);
  if (started.value.runs.some(({ id }) => id === run)) return ok({ schema: 1, run });
  const of = await openRunOf(parts, wanted);
  if (of?.successor?.run === run) {
    const begun = await parts.runs.untilHandedOver(of.run, { run });
    return begun.ok ? ok({ schema: 1, run }) : begun;
  }

  const compiled = await compile(parts, wanted);
  if (!compiled.ok) return compiled;
  if (compiled.value.hash !== planHash)
    return fail(
      'conflict',
      'the plan has changed since you saw it: the cluster or its file is another; look at it again',
    );
  const stored = await releaseIsStored(parts.releases, compiled.value);
  if (!stored.ok) return stored;
  const { change, reason, isUnattended } = request;
  const by = { operator, requestId, change, reason, ...(isUnattended && { isUnattended }) };
  const agreed = { compiled: compiled.value, planHash, ...by };
  // One that still stands is ended for it; one that has ended holds nothing.
  const opened =
    of === undefined
      ? await parts.runs.startRun(agreed)
      : await parts.runs.handOver(of.run, { ...agreed, seen: of.sequence });
  const detail = opened.ok
    ? `${opened.value} on ${wanted.cluster}`
    : `${wanted.plan} on ${wanted.cluster}: ${opened.failure.message}`;
  const outcome = opened.ok ? ('done' as const) : ('refused' as const);
  parts.audit.record({ who: `operator ${operator}`, what: 'start run', detail, outcome });
  return opened.ok ? ok({ schema: 1, run: opened.value }) : opened;
}

/** Starts the backup of a schedule; the same request again gives the run that it has started. */
export async function startScheduledBackup(
  parts: RunParts,
  cluster: string,
  requestId: string,
  reason: string,
): Promise<Result<string>> {
  const wanted = { plan: 'backup', cluster, parametersJson: '{}' };
  const known = await parts.views.list(cluster);
  if (!known.ok) return known;
  const run = runIdOf(wanted.plan, requestId);
  if (known.value.runs.some(({ id }) => id === run)) return ok(run);
  const compiled = await compile(parts, wanted);
  if (!compiled.ok) return compiled;
  const request = { plan: wanted, planHash: compiled.value.hash, requestId, change: '', reason };
  const started = await startRun(parts, { ...request, isUnattended: true }, 'schedule');
  return started.ok ? ok(started.value.run) : started;
}

/** The run that a rollback goes back from, or a recovery takes the cluster over from, where that has not ended yet. */
async function openRunOf(
  { views }: RunParts,
  { plan, cluster, parametersJson }: { plan: string; cluster: string; parametersJson: string },
): Promise<RunState | undefined> {
  const open = plan === 'recover' ? await openRunOn(views, cluster) : undefined;
  const of = plan === 'rollback' ? goesOnFrom(parametersJson) : open?.ok ? open.value?.id : undefined;
  const past = of === undefined ? undefined : await views.past(of);
  return past?.ok && past.value.state.ended === undefined ? past.value.state : undefined;
}

/** Journals an operator's decision and shows the run afterwards. */
export async function decideRun(
  { runs, views, audit }: RunParts,
  request: { run: string; decision: string; reason: string; requestId: string },
  { operator, role }: { operator: string; role: OperatorRole },
): Promise<Result<RunDocument>> {
  const { decision, reason, requestId } = request;
  const run = runName(request.run);
  if (!run.ok) return run;
  if (!decisions.includes(decision))
    return fail(
      'bad-input',
      decision === 'rollback'
        ? 'a rollback has a plan of its own, which is agreed to first: baton run rollback'
        : `${JSON.stringify(decision)} is no decision; one of ${decisions.join(', ')}`,
    );
  const wrong = checkRequest({ requestId, change: '', reason });
  if (!wrong.ok) return wrong;
  const refusal = refusalOfDecision(role, decision);
  if (refusal !== undefined) {
    audit.record({
      who: `operator ${operator}`,
      what: 'decide',
      detail: `${run.value}: ${refusal}`,
      outcome: 'refused',
    });
    return fail('unauthorized', refusal);
  }
  const said = await runs.decide(run.value, { decision: decision as Decision, operator, reason, requestId });
  const detail = `${decision} ${run.value}${said.ok ? '' : `: ${said.failure.message}`}`;
  audit.record({ who: `operator ${operator}`, what: 'decide', detail, outcome: said.ok ? 'done' : 'refused' });
  return said.ok ? await views.show(run.value) : said;
}

/** Whether what a client has sent beside the plan or the decision can be taken. */
export function checkRequest(texts: { requestId: string; change: string; reason: string }): Result<void> {
  if (!requestPattern.test(texts.requestId))
    return fail('bad-input', 'the request has no id of 8 to 64 letters, digits or -');
  for (const [name, text] of [
    ['change', texts.change],
    ['reason', texts.reason],
  ] as const)
    if (text.length > textCharactersMax) return fail('bad-input', `${name}: at most ${textCharactersMax} characters`);
  return ok(undefined);
}

/** What the agents will fetch must be here before the run begins. */
export async function releaseIsStored(releases: ReleaseStore, { plan }: CompiledPlan): Promise<Result<void>> {
  const release = plan.parameters.release as { name: string; sha256: string; sizeBytes: number } | undefined;
  if (release === undefined) return ok(undefined);
  const stored = await releases.get(release.sha256);
  if (!stored.ok) return stored;
  if (stored.value.sizeBytes === release.sizeBytes) return ok(undefined);
  return fail('bad-input', `${release.name} has ${stored.value.sizeBytes} bytes, the plan says ${release.sizeBytes}`);
}
