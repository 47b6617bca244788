// The page's sections of evidence: who decided, what was found before and after, what was accepted, the portal's curve,
// times against predictions, what programs said, the journal around what failed. Pure; everything is escaped.
import type { CheckResultDocument } from '../../shared/documents.ts';
import type { ReportDocument } from '../../shared/report-document.ts';
import { formatDuration } from '../../shared/units.ts';
import { acceptedIn, acceptedInVain, comparedIn, excerptsOf, stepTimesOf } from './compare.ts';
import { curvePicture } from './curve-picture.ts';
import { escapeHtml as e } from './escape.ts';
import { timeOf } from './facts.ts';
import { table } from './page-parts.ts';
import { portalPicture } from './picture.ts';

export function decisionsTable({ decisions }: ReportDocument): string {
  return table(
    ['Time', 'Who', 'Said', 'About', 'Why'],
    decisions.map((one) => [
      e(timeOf(one.at)),
      e(one.operator),
      `<b>${e(one.decision)}</b>`,
      e(one.title),
      e(one.reason),
    ]),
    'decisions',
  );
}

export function comparedTable(report: ReportDocument): string {
  return table(
    ['Check', 'Node', 'Before', 'After'],
    comparedIn(report).map((row) => [e(row.title), e(row.node), finding(row.before), finding(row.after)]),
    'compared',
  );
}

/** Verdict as a word and as a colour, so that it is there in black and white too. */
function finding(check: CheckResultDocument | undefined): string {
  if (check === undefined) return '<span class="soft">–</span>';
  const limit = check.limit === '' ? '' : `<br><span class="soft">must be: ${e(check.limit)}</span>`;
  const more = check.verdict === 'pass' ? '' : limit;
  return `<span class="${e(check.verdict)}">${e(check.verdict)}</span> ${e(check.reading)}${more}`;
}

export function acceptedTable(report: ReportDocument): string {
  const rows = acceptedIn(report).map(({ check, reason }) => [
    `${e(check.title)}<br><code>${e(check.id)}</code>`,
    e(check.node),
    `${e(check.reading)}<br><span class="soft">must be: ${e(check.limit)}</span>`,
    e(reason),
  ]);
  const inVain = acceptedInVain(report).map(({ check, reason }) => [
    `<code>${e(check)}</code>`,
    '',
    '<span class="soft">passed; there was nothing to accept</span>',
    e(reason),
  ]);
  return table(['Check', 'Node', 'Found', 'Accepted because'], [...rows, ...inVain]);
}

export function portalSection(report: ReportDocument): string {
  const { curve } = report;
  const { portal } = report.run;
  if (!portal) return '';
  const drawn = curve === undefined ? '' : curvePicture(curve, portal);
  const key = (colour: string, text: string) => `<i style="background:var(--${colour})"></i>${text}`;
  const told = `${portal.samples} requests, ${portal.failures} failed${portal.unobservedMs > 0 ? `, unobserved for ${e(formatDuration(portal.unobservedMs))}` : ''}`;
  const gaps = table(
    ['No answer from', 'to', 'for'],
    portal.intervals
      .slice(0, 40)
      .map(({ fromMs, toMs }) => [fromMs, toMs, toMs - fromMs].map((ms) => e(formatDuration(ms)))),
    'times',
  );
  return `${portalPicture(portal, report.actual.durationMs)}
<p class="key">${key('up', 'answered')}${key('bad', 'did not answer')}; time since the first request, ${told}</p>
${drawn === '' ? '' : `<h3>How fast it answered</h3>\n${drawn}\n<p class="key">${key('act', 'half of the answers were faster')}${key('look', 'slowest answer')}${key('gap', 'no answer')}; each point is ${e(formatDuration(curve?.spanMs ?? 0))}</p>`}
${gaps}`;
}

export function stepTimesTable(report: ReportDocument): string {
  const { actual, predicted } = report;
  const whole: [string, number, number][] = [
    ['All in all', predicted.durationMs, actual.durationMs],
    ...portalTime(report),
    ['Failover suspended', predicted.suspensionMs, actual.suspensionMs],
  ];
  const row = (name: string, node: string, predictedMs: number, actualMs: number) => [
    name,
    e(node),
    e(formatDuration(predictedMs)),
    e(formatDuration(actualMs)),
    difference(predictedMs, actualMs),
  ];
  return table(
    ['Step', 'Node', 'Predicted', 'Actual', 'Difference'],
    [
      ...stepTimesOf(report).map((step) => row(e(step.title), step.node, step.predictedMs, step.actualMs)),
      ...whole.map(([name, predictedMs, actualMs]) => row(`<b>${e(name)}</b>`, '', predictedMs, actualMs)),
    ],
    'times',
  );
}

/** Nothing where nobody looked: that is no portal that always answered. */
function portalTime({ run, predicted, actual }: ReportDocument): [string, number, number][] {
  return run.portal === undefined || run.portal.samples === 0
    ? []
    : [['Portal did not answer', predicted.outageMs, actual.outageMs]];
}

/** Twice as long and more than a few seconds is worth a look. */
function difference(predictedMs: number, actualMs: number): string {
  const ms = actualMs - predictedMs;
  const words = `${ms < 0 ? '−' : '+'}${formatDuration(Math.abs(ms))}`;
  return ms > Math.max(predictedMs, 5000) ? `<span class="warn">${e(words)}</span>` : e(words);
}

export function logsSection({ logs }: ReportDocument): string {
  return logs
    .map(
      (log) =>
        `<div class="log"><p><b>${e(log.title)}</b> <span class="soft">${e([log.node, log.about, timeOf(log.at)].filter((part) => part !== '').join(' · '))}</span></p><pre>${e(log.text)}</pre>${log.whole === '' ? '' : `<p class="soft">whole output: <code>${e(`${log.node}:${log.whole}`)}</code></p>`}</div>`,
    )
    .join('\n');
}

/** What was read of the observer's log, each time that it was looked at. */
export function observerTable({ readings }: ReportDocument): string {
  const rows = readings.flatMap(({ at, title, checks }) =>
    checks
      .filter(({ id }) => id === 'observer-quiet')
      .map((check) => [
        e(timeOf(at)),
        e(check.node),
        e(title),
        `<span class="${e(check.verdict)}">${e(check.verdict)}</span>`,
        e(check.reading),
      ]),
  );
  return table(['Time', 'Node', 'Looked at for', '', 'The observer’s log'], rows);
}

export function excerptsSection(report: ReportDocument): string {
  return excerptsOf(report).map(timelineTable).join('\n');
}

export function timelineTable(entries: ReportDocument['timeline']): string {
  return table(
    ['#', 'Time', 'Event', 'Item', ''],
    entries.map((entry) => [
      String(entry.sequence),
      e(timeOf(entry.at)),
      e(entry.type),
      e(entry.item),
      entry.type === 'RunHalted' ? `<b class="fail">${e(entry.sentence)}</b>` : e(entry.sentence),
    ]),
    'journal',
  );
}
