// Operator › runs that are to start at a time: taken in, shown among the runs, cancelled, and started when it is time.
import type { Clock } from '../../shared/clock.ts';
import type { RunDocument, RunSummaryDocument, RunsDocument } from '../../shared/documents.ts';
import { fail, ok, type Result } from '../../shared/failures.ts';
import { canonicalJson } from '../../shared/hash.ts';
import { runPattern } from '../../shared/names.ts';
import type { ScheduledDocument } from '../../shared/scheduled-run-document.ts';
import type { Operators } from '../access/operators.ts';
import { type OperatorRole, refusalOfDecision, whoMay } from '../access/roles.ts';
import { windowOpen } from '../checks/window-open.ts';
import { wallTime } from '../cluster/window.ts';
import type { Artefacts } from '../journal/artefacts.ts';
import { emptyHead } from '../journal/chain.ts';
import type { Notifier } from '../notify/notice.ts';
import { agreedHash } from '../plans/agreed.ts';
import { neededFrom } from '../plans/expected.ts';
import type { CompiledPlan } from '../plans/plan.ts';
import { runIdOf } from '../runs/opening.ts';
import { runDocument } from '../runs/run-document.ts';
import { giveUp, isAhead, type ScheduledRun, type ScheduledTable, type Tried } from '../schedule/scheduled-runs.ts';
import { parseStartTime } from '../schedule/start-time.ts';
import { initialState } from '../sequencer/state.ts';
import { compile } from './compile-plan.ts';
import { checkRequest, type RunParts, releaseIsStored, startRun } from './runs.ts';

export interface ScheduledParts extends RunParts {
  scheduled: ScheduledTable;
  artefacts: Artefacts;
  notifier: Notifier;
  clock: Clock;
  operators: Operators;
}

const plansForLater = ['upgrade', 'db-upgrade', 'backup'];
const aheadMax = 20;

interface Asked {
  plan?: { plan: string; cluster: string; parametersJson: string } | undefined;
  planHash: string;
  requestId: string;
  change: string;
  reason: string;
  at: string;
}

/** Keeps a run for later; the same request again gives the same one. */
export async function scheduleRun(
  parts: ScheduledParts,
  request: Asked,
  operator: string,
): Promise<Result<ScheduledDocument>> {
  const { clusters, scheduled, artefacts, clock, audit } = parts;
  const { plan: wanted, requestId, change, reason } = request;
  const wrong = checkRequest(request);
  if (!wrong.ok) return wrong;
  if (wanted === undefined || !plansForLater.includes(wanted.plan))
    return fail('bad-input', `only ${plansForLater.join(', ')} can be started at a time`);
  const run = runIdOf(wanted.plan, requestId);
  const known = await scheduled.get(run);
  if (!known.ok) return known;
  if (known.value !== undefined) return ok(toDocument(known.value.value));
  const cluster = await clusters.get(wanted.cluster);
  if (!cluster.ok) return cluster;
  const { window } = cluster.value;
  const at = parseStartTime(request.at, window?.timezone, clock.nowMs());
  if (!at.ok) return at;
  const compiled = await compile(parts, wanted);
  if (!compiled.ok) return compiled;
  if (compiled.value.hash !== request.planHash)
    return fail(
      'conflict',
      'the plan has changed since you saw it: the cluster or its file is another; look at it again',
    );
  const fits = fitsWindow(compiled.value, at.value);
  if (!fits.ok) return fits;
  const stored = await releaseIsStored(parts.releases, compiled.value);
  if (!stored.ok) return stored;
  const others = await scheduled.list();
  if (!others.ok) return others;
  if (others.value.filter(({ value }) => isAhead(value)).length >= aheadMax)
    return fail('conflict', `there are ${aheadMax} scheduled runs already; see: baton run ls`);
  const artefact = await artefacts.put(canonicalJson(compiled.value));
  if (!artefact.ok) return artefact;
  const entry: ScheduledRun = {
    ...{ run, plan: wanted.plan, cluster: wanted.cluster, parametersJson: wanted.parametersJson },
    ...{ agreedHash: agreedHash(compiled.value.plan), planArtefact: artefact.value, planHash: compiled.value.hash },
    ...{ requestId, operator, change, reason, atMs: at.value, askedAtMs: clock.nowMs(), state: 'waiting' },
  };
  const created = await scheduled.create(run, entry);
  if (!created.ok && created.failure.code !== 'conflict') return created;
  const detail = `${run} on ${wanted.cluster} for ${new Date(at.value).toISOString()}`;
  audit.record({ who: `operator ${operator}`, what: 'schedule run', detail, outcome: 'done' });
  return ok(toDocument(entry, window?.timezone));
}

/** Said when it is asked for, not when nobody is there any more. */
function fitsWindow({ plan, expected }: CompiledPlan, atMs: number): Result<void> {
  for (const item of plan.items)
    for (const ref of item.kind === 'gate' ? item.checks : []) {
      if (ref.check !== windowOpen.id || ref.accepted !== undefined) continue;
      const neededMs = expected && neededFrom(plan.items, 0, expected);
      const found = windowOpen
        .evaluate(ref.params, { cluster: plan.cluster, nowMs: atMs, presence: [], neededMs })
        .next();
      const wrong = found.done ? found.value.find(({ verdict }) => verdict !== 'pass') : undefined;
      if (wrong !== undefined)
        return fail(
          'bad-input',
          `at that time the window is ${wrong.reading}, while ${wrong.limit} is needed; nothing was scheduled`,
        );
    }
  return ok(undefined);
}

/** Starts what is due: compiled and looked at anew, and only if it is still the plan that was agreed to. */
export async function startScheduled(parts: ScheduledParts, entry: ScheduledRun): Promise<Tried> {
  const { plan, cluster, parametersJson, requestId, operator, change } = entry;
  const begun = await hasStarted(parts, entry);
  if (!begun.ok) return { is: 'not-yet', why: begun.failure.message };
  if (begun.value) return { is: 'started' };
  // Whose certificate was revoked starts nothing from then on, also not by what he has left behind.
  const role = parts.operators.roleOf(operator, parts.operators.serialOf(operator));
  if (role === undefined || !whoMay.scheduleRun.includes(role))
    return { is: 'never', why: `${operator}, who has scheduled it, may not start runs any more` };
  const wanted = { plan, cluster, parametersJson };
  const compiled = await compile(parts, wanted);
  if (!compiled.ok) {
    const { message, retryable, code } = compiled.failure;
    return { is: retryable || code === 'unreachable' ? 'not-yet' : 'never', why: message };
  }
  if (agreedHash(compiled.value.plan) !== entry.agreedHash)
    return {
      is: 'never',
      why: 'the plan is another one than the one that was agreed to: the cluster, its file or what is installed has changed since',
    };
  const reason = entry.reason === '' ? `scheduled for ${new Date(entry.atMs).toISOString()}` : entry.reason;
  const request = { plan: wanted, planHash: compiled.value.hash, requestId, change, reason };
  const started = await startRun(parts, request, operator);
  if (started.ok) return { is: 'started' };
  // Another run may hold the cluster for a while, the plan may have changed in this very moment, and where another
  // coordinator leads by now it is that one's to start.
  const { message, retryable, code } = started.failure;
  return { is: retryable || ['conflict', 'refused-old-epoch'].includes(code) ? 'not-yet' : 'never', why: message };
}

/** Whether its run is there. */
export async function hasStarted(
  { views }: Pick<ScheduledParts, 'views'>,
  { run, cluster }: ScheduledRun,
): Promise<Result<boolean>> {
  const listed = await views.list(cluster);
  return listed.ok ? ok(listed.value.runs.some(({ id }) => id === run)) : listed;
}

/** The runs with those that are to start, and those that did not, among them. */
export async function withScheduled(
  { scheduled }: Pick<ScheduledParts, 'scheduled'>,
  listed: RunsDocument,
  cluster: string | undefined,
): Promise<Result<RunsDocument>> {
  const all = await scheduled.list();
  if (!all.ok) return all;
  const known = new Set(listed.runs.map(({ id }) => id));
  const more = all.value
    .map(({ value }) => value)
    .filter(({ run, state }) => state !== 'started' && !known.has(run))
    .filter((entry) => cluster === undefined || entry.cluster === cluster)
    .map(summaryOf);
  const runs = [...listed.runs, ...more].toSorted((a, b) =>
    a.startedAt < b.startedAt ? 1 : a.startedAt > b.startedAt ? -1 : 0,
  );
  return ok({ ...listed, runs });
}

/** The document of one that has not started; `otherwise` where there is none. */
export async function showScheduled(
  { scheduled, artefacts }: Pick<ScheduledParts, 'scheduled' | 'artefacts'>,
  run: string,
  otherwise: Result<never> = fail('not-found', `there is no run ${run}; see: baton run ls`),
): Promise<Result<RunDocument>> {
  const stored = await scheduled.get(run);
  if (!stored.ok) return stored;
  const entry = stored.value?.value;
  if (entry === undefined || entry.state === 'started') return otherwise;
  const bytes = await artefacts.get(entry.planArtefact);
  if (!bytes.ok) return bytes;
  const compiled = JSON.parse(bytes.value.toString()) as CompiledPlan;
  const nothing = { failover: 'unknown' as const, runsNow: [], downNow: [], nodes: {} };
  const document = runDocument(compiled, initialState(run), emptyHead, nothing);
  const cancel = { command: `baton run abort ${run}`, consequence: 'cancels it; nothing was touched' };
  return ok({ ...document, ...summaryOf(entry), next: isAhead(entry) ? [cancel] : [] });
}

/** A decision about one that has not started, which can only be to cancel it; undefined where there is none. */
export async function decideScheduled(
  parts: ScheduledParts,
  request: { run: string; decision: string; reason: string; requestId: string },
  { operator, role }: { operator: string; role: OperatorRole },
): Promise<Result<RunDocument> | undefined> {
  const { run, decision, reason } = request;
  if (!runPattern.test(run)) return undefined;
  const stored = await parts.scheduled.get(run);
  if (!stored.ok) return stored;
  if (stored.value === undefined || stored.value.value.state === 'started') return undefined;
  // A try of which the end was not seen may have started it.
  const begun = isAhead(stored.value.value) ? await hasStarted(parts, stored.value.value) : ok(false);
  if (!begun.ok) return begun;
  if (begun.value) return undefined;
  const wrong = checkRequest({ ...request, change: '' });
  if (!wrong.ok) return wrong;
  const refusal = refusalOfDecision(role, decision);
  if (refusal !== undefined) {
    parts.audit.record({
      who: `operator ${operator}`,
      what: 'decide',
      detail: `${run}: ${refusal}`,
      outcome: 'refused',
    });
    return fail('unauthorized', refusal);
  }
  const { state, atMs } = stored.value.value;
  const at = new Date(atMs).toISOString();
  if (decision !== 'abort')
    return fail('not-in-state', `run ${run} is to start at ${at}; only \`abort\` is possible before`);
  if (state === 'starting')
    return fail('not-in-state', `run ${run} is being started just now; say it again in a moment`, { retryable: true });
  if (state === 'missed') return fail('not-in-state', `run ${run} never started: it was missed at ${at}`);
  // Said twice, the answer having been lost.
  if (state === 'cancelled') return await showScheduled(parts, run);
  const because = `${operator} cancelled it${reason === '' ? '' : `: ${reason}`}`;
  const who = `operator ${operator}`;
  const given = await giveUp({ ...parts, table: parts.scheduled }, stored.value, 'cancelled', because, who);
  return given.ok ? await showScheduled(parts, run) : given;
}

function summaryOf(entry: ScheduledRun): RunSummaryDocument {
  const { run: id, cluster, plan, operator, atMs, askedAtMs, state, because = '', overAtMs } = entry;
  const scheduledFor = new Date(atMs).toISOString();
  const about = { id, cluster, plan, operator, scheduledFor };
  if (isAhead(entry))
    return { ...about, status: 'scheduled', startedAt: scheduledFor, message: `starts at ${scheduledFor}` };
  return {
    ...about,
    status: state === 'missed' ? 'failed' : 'aborted',
    startedAt: new Date(askedAtMs).toISOString(),
    endedAt: new Date(overAtMs ?? atMs).toISOString(),
    message: `never started, ${state}: ${because}`,
  };
}

const toDocument = ({ run, atMs }: ScheduledRun, timezone?: string): ScheduledDocument => ({
  schema: 1,
  run,
  at: new Date(atMs).toISOString(),
  ...(timezone !== undefined && { atWall: wallTime(atMs, timezone) }),
});
