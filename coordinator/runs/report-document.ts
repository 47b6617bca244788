// What a report says of a run: plan, timeline, versions before and after, predicted against actual. Pure.
import type { RunDocument } from '../../shared/documents.ts';
import type { ReportDocument } from '../../shared/report-document.ts';
import type { CurveDocument } from '../../shared/report-evidence.ts';
import type { RunEvent } from '../journal/event.ts';
import { describePlan } from '../plans/describe.ts';
import type { CompiledPlan } from '../plans/plan.ts';
import { apply } from '../sequencer/apply.ts';
import { explain } from '../sequencer/explain.ts';
import { initialState } from '../sequencer/state.ts';
import { reportEvidence } from './report-evidence.ts';

/** The report of a run, from its journal. */
export function reportDocument(
  compiled: CompiledPlan,
  events: RunEvent[],
  run: RunDocument,
  curve?: CurveDocument,
): ReportDocument {
  return {
    schema: 1,
    run,
    ...reportEvidence(compiled.plan, events),
    ...(curve !== undefined && { curve }),
    plan: describePlan(compiled),
    versions: compiled.plan.name === 'db-upgrade' ? databaseVersionsIn(events) : versionsIn(events),
    timeline: timelineOf(compiled, events),
    predicted: compiled.plan.predicted,
    actual: {
      durationMs: (events.at(-1)?.atMs ?? 0) - (events[0]?.atMs ?? 0),
      outageMs: run.portal?.downMs ?? 0,
      suspensionMs: suspensionMs(events),
    },
  };
}

function timelineOf({ plan }: CompiledPlan, events: RunEvent[]): ReportDocument['timeline'] {
  let state = initialState(events[0]?.run ?? '');
  return events.map((event) => {
    const { item, sentence } = explain(plan, state, event.fact);
    state = apply(state, event);
    return { at: new Date(event.atMs).toISOString(), sequence: event.sequence, type: event.fact.type, item, sentence };
  });
}

/** Installed versions of each node, first and last as checks have read them; what only a postcondition has read was not before. */
export function versionsIn(events: RunEvent[]): ReportDocument['versions'] {
  const versions = new Map<string, { before: string; after: string }>();
  for (const { fact } of events) {
    if (fact.type !== 'ChecksRead') continue;
    for (const { id, node, reading } of fact.results) {
      if (!versionChecks.includes(id) || node === '') continue;
      const version = /\d+\.\d+\.\d+/.exec(reading)?.[0] ?? reading;
      const first = fact.of === 'then' ? '' : version;
      versions.set(node, { before: versions.get(node)?.before ?? first, after: version });
    }
  }
  return [...versions].map(([node, read]) => ({ node, ...read }));
}

const versionChecks = ['version-compatible', 'version-is'];

/** PostgreSQL of each node, as the preflight has found it first and as it was seen serving last. */
export function databaseVersionsIn(events: RunEvent[]): ReportDocument['versions'] {
  const versions = new Map<string, { before: string; after: string }>();
  for (const { fact } of events) {
    if (fact.type !== 'ChecksRead' || !fact.passed) continue;
    for (const { id, node, reading } of fact.results) {
      const major = serverPatterns[id]?.exec(reading)?.[1];
      if (major === undefined) continue;
      const version = `PostgreSQL ${major}`;
      versions.set(node, { before: versions.get(node)?.before ?? version, after: version });
    }
  }
  return [...versions].map(([node, read]) => ({ node, ...read }));
}

const serverPatterns: Record<string, RegExp> = {
  'postgresql-supported': /^PostgreSQL (\d+)/,
  'server-in-service': /^(\d+)\/\S+: runs at /,
};

/** From the observer's stop to its start, or to the newest event. */
function suspensionMs(events: RunEvent[]): number {
  let fromMs: number | undefined;
  let sumMs = 0;
  for (const { fact, atMs } of events) {
    if (fact.type !== 'StepStarted' && fact.type !== 'OutcomeRecorded') continue;
    const action = fact.type === 'StepStarted' ? fact.action.kind : fact.outcome.answer?.kind;
    if (fact.type === 'StepStarted' && action === 'suspendFailover') fromMs ??= atMs;
    if (fact.type === 'OutcomeRecorded' && action === 'armFailover' && fromMs !== undefined) {
      sumMs += atMs - fromMs;
      fromMs = undefined;
    }
  }
  return fromMs === undefined ? sumMs : sumMs + (events.at(-1)?.atMs ?? fromMs) - fromMs;
}
