// What can be asked about runs: lists, documents, logs, exports, reports, and a view that follows. Everything is read from
// the journal, so any coordinator on the bus can answer; nothing here writes.
import type {
  ExportLineDocument,
  LogChunkDocument,
  RunDocument,
  RunSummaryDocument,
  RunsDocument,
  WatchDocument,
} from '../../shared/documents.ts';
import { type Failure, fail, ok, type Result } from '../../shared/failures.ts';
import type { ReportDocument } from '../../shared/report-document.ts';
import type { Fleet } from '../fleet/fleet.ts';
import type { Artefacts } from '../journal/artefacts.ts';
import { headOf, type StoredEvent } from '../journal/chain.ts';
import { exportLines } from '../journal/export.ts';
import type { Journal } from '../journal/journal.ts';
import type { CompiledPlan } from '../plans/plan.ts';
import { fold } from '../sequencer/apply.ts';
import { nodesSeen } from '../sequencer/seen.ts';
import { isStanding, type RunState } from '../sequencer/state.ts';
import { curveIn } from './curve-in.ts';
import { lookAtFailover, lookNow } from './look-now.ts';
import { loadPlan } from './opening.ts';
import type { ProgressFeed } from './progress.ts';
import type { Refusal, Refusals } from './refusals.ts';
import { refusedDocument, refusedSummary } from './refused-document.ts';
import { reportDocument } from './report-document.ts';
import { type Now, runDocument, runSummary, withRollback } from './run-document.ts';
import { runLogs } from './run-logs.ts';
import { watchEvents } from './watch.ts';

export interface RunViews {
  /** Newest first; a damaged run is listed with what is wrong. */
  list(cluster?: string): Promise<Result<RunsDocument>>;
  show(run: string): Promise<Result<RunDocument>>;
  /** A run as it was planned and as it stands, for what goes on from it. */
  past(run: string): Promise<Result<PastRun>>;
  /** Events after `afterSequence`, then what comes, until the run leaves `running`; then its document. */
  watch(run: string, afterSequence: number, signal: AbortSignal): AsyncGenerator<WatchDocument, Result<void>>;
  logs(run: string): Promise<Result<LogChunkDocument[]>>;
  export(run: string): Promise<Result<ExportLineDocument[]>>;
  report(run: string): Promise<Result<ReportDocument>>;
}

export interface PastRun {
  compiled: CompiledPlan;
  state: RunState;
}

const nothingRead: Omit<Now, 'nodes'> = { failover: 'unknown', runsNow: [], downNow: [] };

interface Known {
  stored: StoredEvent[];
  state: RunState;
}

/** The views over a journal. */
export function createRunViews(parts: {
  journal: Journal;
  /** As it is stored, also what nothing may go on from. */
  evidence: Journal;
  refusals: Refusals;
  artefacts: Artefacts;
  fleet: Fleet;
  progress: ProgressFeed;
  /** What keeps a run of this coordinator from going on by itself just now. */
  troubleOf?(run: string): Failure | undefined;
}): RunViews {
  const { journal, evidence, refusals, artefacts, fleet, progress } = parts;
  const withTrouble = <D extends RunSummaryDocument | RunDocument>(document: D): D => {
    const trouble = document.status === 'running' ? parts.troubleOf?.(document.id) : undefined;
    return trouble === undefined ? document : { ...document, message: trouble.message };
  };
  /** An ended run's summary never changes. */
  const endedSummaries = new Map<string, RunSummaryDocument>();

  const know = async (run: string, from: Journal = journal): Promise<Result<Known>> => {
    const read = await from.read(run);
    if (!read.ok) return read;
    if (read.value.length === 0) return noRun(run);
    const state = fold(
      run,
      read.value.map(({ event }) => event),
    );
    return ok({ stored: read.value, state });
  };

  const withPlan = async (run: string, from?: Journal): Promise<Result<Known & { compiled: CompiledPlan }>> => {
    const known = await know(run, from);
    if (!known.ok) return known;
    const compiled = await loadPlan(artefacts, known.value.state);
    return compiled.ok ? ok({ ...known.value, compiled: compiled.value }) : compiled;
  };

  const documentOf = async ({ stored, state, compiled }: Known & { compiled: CompiledPlan }): Promise<RunDocument> => {
    const { cluster } = compiled.plan;
    const now = isStanding(state)
      ? await lookNow(fleet, cluster)
      : {
          failover: state.ended?.failoverArmed ?? (await lookAtFailover(fleet, cluster)),
          runsNow: [],
          downNow: [],
        };
    const nodes = nodesSeen(await fleet.presence());
    return withTrouble(runDocument(compiled, state, headOf(stored), { ...now, nodes }));
  };

  /** The same with what a run that goes back from it has made of it since, failover included. */
  const documentToday = async (known: Known & { compiled: CompiledPlan }): Promise<RunDocument> => {
    const document = withRollback(await documentOf(known), await rollbacks());
    if (document.rolledBackBy === undefined) return document;
    const by = await know(document.rolledBackBy);
    const ended = by.ok ? by.value.state.ended : undefined;
    return {
      ...document,
      failover: ended?.failoverArmed ?? (await lookAtFailover(fleet, known.compiled.plan.cluster)),
    };
  };

  /** Why the run goes no further; undefined for every other one. */
  const refusalOf = async (run: string): Promise<Refusal | undefined> => {
    const refusal = await refusals.get(run);
    return refusal.ok ? refusal.value : undefined;
  };

  /** One that another run is handed over to has a name before it has a journal. */
  const notBegun = async (run: string): Promise<Result<never>> => {
    const names = await journal.runs();
    for (const name of names.ok ? names.value : []) {
      const before = await know(name);
      const successor = before.ok ? before.value.state.successor?.run : undefined;
      if (successor === run)
        return fail(
          'not-in-state',
          `run ${run} has not begun yet: ${name} is being handed over to it; see baton run show ${name}`,
        );
    }
    return noRun(run);
  };

  const show = async (run: string): Promise<Result<RunDocument>> => {
    const known = await withPlan(run);
    if (known.ok) return ok(await documentToday(known.value));
    const refusal = known.failure.code === 'damaged' ? await refusalOf(run) : undefined;
    if (refusal === undefined) return known.failure.code === 'not-found' ? await notBegun(run) : known;
    const told = await withPlan(run, evidence);
    const now = told.ok ? await lookNow(fleet, told.value.compiled.plan.cluster) : nothingRead;
    const document = told.ok ? await documentOf(told.value) : undefined;
    return ok(refusedDocument(refusal, document, { ...now, nodes: {} }));
  };

  const summaryOf = async (run: string): Promise<RunSummaryDocument | undefined> => {
    const ended = endedSummaries.get(run);
    if (ended !== undefined) return ended;
    const known = await know(run);
    if (!known.ok) {
      if (known.failure.code === 'not-found') return undefined;
      const refusal = await refusalOf(run);
      const told = refusal && (await know(run, evidence));
      if (refusal) return refusedSummary(refusal, told?.ok ? runSummary(told.value.state) : undefined);
      const { message } = known.failure;
      return { id: run, cluster: '', plan: '', status: 'halted', operator: '', startedAt: '', message };
    }
    const summary = withTrouble(runSummary(known.value.state));
    if (known.value.state.ended !== undefined) endedSummaries.set(run, summary);
    return summary;
  };

  /** All runs that go back from another one, the newest first. */
  const rollbacks = async (): Promise<RunSummaryDocument[]> => {
    const names = await journal.runs();
    const found = (names.ok ? names.value : []).filter((name) => name.startsWith('rollback-'));
    return newestFirst((await Promise.all(found.map(summaryOf))).filter((summary) => summary !== undefined));
  };

  return {
    show,
    past: withPlan,
    async list(cluster) {
      const names = await journal.runs();
      if (!names.ok) return names;
      const refused = await refusals.list();
      if (!refused.ok) return refused;
      const all = new Set([...names.value, ...refused.value.map(({ run }) => run)]);
      const summaries = (await Promise.all([...all].map(summaryOf))).filter((summary) => summary !== undefined);
      const runs = newestFirst(
        // A damaged one does not know its cluster any more: it may be this one.
        summaries.filter((summary) => cluster === undefined || ['', cluster].includes(summary.cluster)),
      );
      return ok({ schema: 1, runs: runs.map((summary) => withRollback(summary, runs)) });
    },
    async *watch(run, afterSequence, signal) {
      const known = await withPlan(run);
      if (!known.ok) {
        const refused = await show(run);
        if (!refused.ok) return refused;
        const { head, startedAt: at } = refused.value;
        yield { schema: 1, sequence: head.sequence, at, run: refused.value };
        return ok(undefined);
      }
      const { plan } = known.value.compiled;
      const left = yield* watchEvents({ run, plan, journal, progress, afterSequence, signal });
      if (!left.ok) return left;
      const document = await show(run);
      if (!document.ok) return document;
      const at = new Date(left.value.endedAtMs ?? left.value.startedAtMs).toISOString();
      yield { schema: 1, sequence: left.value.sequence, at, run: document.value };
      return ok(undefined);
    },
    async logs(run) {
      const known = await know(run);
      return known.ok ? ok(runLogs(known.value.stored.map(({ event }) => event))) : known;
    },
    async export(run) {
      const found = await evidence.salvage(run);
      if (!found.ok) return found;
      const { events } = found.value;
      // Agents know of more than the journal itself can tell.
      const { sequence, finding: message = '' } = (await refusalOf(run)) ?? {};
      const damage = found.value.damage ?? (sequence === undefined ? undefined : { sequence, message });
      if (events.length === 0 && damage === undefined) return noRun(run);
      return ok(exportLines(damage === undefined ? events : events.slice(0, damage.sequence - 1), damage));
    },
    async report(run) {
      const known = await withPlan(run);
      if (!known.ok) return known;
      const { stored, compiled } = known.value;
      const document = await documentToday(known.value);
      return ok(
        reportDocument(
          compiled,
          stored.map(({ event }) => event),
          document,
          await curveIn(artefacts, known.value.state),
        ),
      );
    },
  };
}

const newestFirst = (runs: RunSummaryDocument[]): RunSummaryDocument[] =>
  runs.toSorted((a, b) => (a.startedAt < b.startedAt ? 1 : a.startedAt > b.startedAt ? -1 : 0));

const noRun = (run: string): Result<never> => fail('not-found', `there is no run ${run}; see: baton run ls`);
