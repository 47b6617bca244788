// What every form of the report says, in the same words. Pure.
import type { PlanItemDocument, RunDocument, RunStepDocument } from '../../shared/documents.ts';
import type { ReportDocument } from '../../shared/report-document.ts';
import { formatDuration } from '../../shared/units.ts';
import { goalOf } from '../plans/goal.ts';

/** `Upgrade of lab to 8.7.0`. */
export function titleOf(report: ReportDocument): string {
  const { run } = report;
  const goal = goalOf(run.parameters);
  const name = run.plan.charAt(0).toUpperCase() + run.plan.slice(1);
  return `${name} of ${run.cluster}${goal === '' ? '' : ` to ${goal}`}`;
}

export const statusWords: Record<RunDocument['status'], string> = {
  running: 'running',
  scheduled: 'scheduled',
  succeeded: 'succeeded: done and verified',
  halted: 'halted: a step failed, the run still holds the cluster',
  'awaiting-operator': 'waits for an operator',
  failed: 'refused before the first change',
  'rolled-back': 'rolled back',
  aborted: 'aborted: what could be undone was undone',
};

/** `2026-11-21 23:52:07 UTC`. */
export function timeOf(iso: string | undefined): string {
  return iso ? `${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC` : '–';
}

export interface Measure {
  name: string;
  actual: string;
  predicted: string;
  note: string;
}

/** Duration, outage, suspension: as it was and as it was predicted. */
export function measuresOf(report: ReportDocument): Measure[] {
  const { actual, predicted, run } = report;
  const portal = run.portal;
  const blind = portal && portal.unobservedMs > 0 ? `; unobserved for ${formatDuration(portal.unobservedMs)}` : '';
  return [
    {
      name: 'Duration',
      actual: formatDuration(actual.durationMs),
      predicted: formatDuration(predicted.durationMs),
      note: `${timeOf(run.startedAt)} to ${timeOf(run.endedAt)}`,
    },
    {
      name: 'Portal did not answer',
      actual: portal && portal.samples > 0 ? formatDuration(portal.downMs) : 'not metered',
      predicted: formatDuration(predicted.outageMs),
      note: portal
        ? `at most ${formatDuration(portal.longestMs)} at a stretch; ${portal.failures} of ${portal.samples} requests failed${blind}`
        : '',
    },
    {
      name: 'Failover suspended',
      actual: formatDuration(actual.suspensionMs),
      predicted: formatDuration(predicted.suspensionMs),
      note: `now ${run.failover}`,
    },
  ];
}

/** A run's step with what the plan says about it. */
export interface Told {
  phase: string;
  step: RunStepDocument;
  item?: PlanItemDocument;
}

/** The run's items in the plan's order, each with its plan. */
export function stepsOf(report: ReportDocument): Told[] {
  const items = new Map(report.plan.items.map((item) => [item.id, item]));
  return report.run.steps.map((step) => {
    const item = items.get(step.id);
    return { phase: step.phase, step, ...(item && { item }) };
  });
}

/** Where the plan deviates from the guide. */
export function deviationsOf(report: ReportDocument): { title: string; section: string; deviation: string }[] {
  return report.plan.items.flatMap((item) =>
    item.deviation
      ? [{ title: item.title.replaceAll('{{run}}', report.run.id), section: item.section, deviation: item.deviation }]
      : [],
  );
}

/** Halts as the journal has them, the newest last. */
export function haltsOf(report: ReportDocument): { at: string; sentence: string }[] {
  return report.timeline.filter((entry) => entry.type === 'RunHalted');
}
