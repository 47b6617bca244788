// What a run comes down to once it stands or has ended: steps with times, versions, the portal's downtime as metered,
// failover, where to read on. Pure.
import type { RunDocument, RunStepDocument } from '../../../shared/documents.ts';
import type { ReportDocument } from '../../../shared/report-document.ts';
import { formatDuration } from '../../../shared/units.ts';
import { phasesOf } from '../../plans/phases.ts';
import { endedWell } from '../exit-codes.ts';
import { findings } from './check-view.ts';
import { haltView } from './halt-view.ts';
import { clean, cut, moment, type Paint } from './text.ts';

export type Versions = ReportDocument['versions'];

/** The recap; `versions` is absent when they could not be read. */
export function recap(run: RunDocument, versions: Versions | undefined, paint: Paint): string {
  const halt = endedWell(run) || run.status === 'running' ? '' : haltView(run, paint);
  return [
    stepsView(run, paint),
    '',
    ...(versions ?? []).map((row) => fact(`Version on ${clean(row.node)}`, versionChange(row))),
    ...acceptedOf(run).map((text) => fact('Accepted', paint('yellow', text))),
    ...(run.portal ? [fact('Portal', portalWords(run.portal))] : []),
    fact('Failover', run.failover === 'armed' ? run.failover : paint('yellow', run.failover)),
    fact('Report', `baton report ${clean(run.id)} --format html --output ${clean(run.id)}.html`),
    ...(halt === '' ? refusals(run, paint) : ['', halt]),
    '',
    verdict(run, paint),
  ].join('\n');
}

/** A run as `run show` prints it. */
export function runView(run: RunDocument, paint: Paint): string {
  return [
    `${paint('bold', `Run ${clean(run.id)}`)}: ${clean(run.plan)} of ${clean(run.cluster)} by ${clean(run.operator)}`,
    fact(run.status === 'scheduled' ? 'Starts' : 'Started', moment(run.startedAt)),
    ...(run.endedAt ? [fact('Ended', moment(run.endedAt))] : []),
    ...(run.rollbackOf ? [fact('Goes back from', clean(run.rollbackOf))] : []),
    ...(run.rolledBackBy ? [fact('Rolled back by', clean(run.rolledBackBy))] : []),
    '',
    recap(run, undefined, paint),
  ].join('\n');
}

/** The last line: the status in words. */
export function verdict(run: RunDocument, paint: Paint): string {
  const colour = endedWell(run) ? 'green' : run.status === 'running' ? 'cyan' : 'red';
  const text = `${clean(run.plan)} of ${clean(run.cluster)}: ${run.status}${run.message === '' ? '' : `. ${clean(run.message)}`}`;
  return paint(['bold', colour], text);
}

function stepsView(run: RunDocument, paint: Paint): string {
  const width = Math.min(72, Math.max(20, ...run.steps.map((step) => clean(step.title).length)));
  return phasesOf(run.steps)
    .flatMap(({ phase, items }) =>
      // What was never reached needs no line each.
      items.every((item) => item.status === 'skipped')
        ? [paint('dim', `${clean(phase)}: not reached`)]
        : [paint('bold', clean(phase)), ...items.map((item) => stepLine(item, width, paint))],
    )
    .join('\n');
}

const marks: Record<RunStepDocument['status'], [Parameters<Paint>[0], string]> = {
  pending: ['dim', '·'],
  reading: ['cyan', '…'],
  running: ['cyan', '…'],
  verifying: ['cyan', '…'],
  succeeded: ['green', '✔'],
  failed: ['red', '✖'],
  unknown: ['magenta', '?'],
  'awaiting-approval': ['yellow', '⏸'],
  undoing: ['yellow', '…'],
  undone: ['yellow', '↩'],
  skipped: ['dim', '-'],
};

function stepLine(item: RunStepDocument, width: number, paint: Paint): string {
  const [format, sign] = marks[item.status];
  const time = item.elapsedMs ? formatDuration(item.elapsedMs) : '';
  const more = [
    ...(item.attempts > 1 ? [`${item.attempts} attempts`] : []),
    ...(item.status === 'succeeded' || item.status === 'pending' ? [] : [item.status]),
  ].join(', ');
  const text = `${cut(clean(item.title), width).padEnd(width)}  ${clean(item.node).padEnd(8)} ${time.padStart(11)}  ${more}`;
  return `  ${paint(format, sign)} ${item.status === 'pending' ? paint('dim', text) : text}`.trimEnd();
}

/** Failing checks of a run that was refused before its first change. */
function refusals(run: RunDocument, paint: Paint): string[] {
  if (endedWell(run) || run.status === 'running') return [];
  const failing = run.steps.flatMap((step) =>
    step.status === 'failed' || step.status === 'unknown'
      ? step.checks.filter((check) => check.verdict === 'fail' || check.verdict === 'unknown')
      : [],
  );
  const failures = run.steps.flatMap((step) =>
    step.failure && step.status !== 'succeeded' ? [`${clean(step.title)}: ${clean(step.failure.message)}`] : [],
  );
  return [
    ...(failing.length === 0 ? [] : ['', findings(failing, paint)]),
    ...(failures.length === 0 ? [] : ['', ...failures]),
  ];
}

/** What had failed and was accepted, each once. */
function acceptedOf(run: RunDocument): string[] {
  const told = run.steps.flatMap(({ checks }) =>
    checks.flatMap(({ id, node, reading, accepted }) =>
      accepted === undefined ? [] : [clean(`${id}${node === '' ? '' : ` on ${node}`}: ${reading}; ${accepted}`)],
    ),
  );
  return [...new Set(told)];
}

function versionChange(row: Versions[number]): string {
  const before = clean(row.before) || '?';
  const after = clean(row.after) || '?';
  return before === after ? `${after} (unchanged)` : `${before} → ${after}`;
}

/** How long the portal did not answer, as the meter saw it. */
export function portalWords(portal: NonNullable<RunDocument['portal']>): string {
  if (portal.samples === 0) return `was not metered (unobserved for ${formatDuration(portal.unobservedMs)})`;
  const down =
    portal.downMs === 0
      ? 'answered all the time'
      : `didn't answer for ${formatDuration(portal.downMs)}, at most ${formatDuration(portal.longestMs)} at a stretch`;
  const blind = portal.unobservedMs > 0 ? `; unobserved for ${formatDuration(portal.unobservedMs)}` : '';
  return `${down} (${portal.failures} of ${portal.samples} requests failed${blind})`;
}

const fact = (name: string, value: string): string => `${name.padEnd(16)} ${value}`;
