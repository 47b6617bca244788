// The report as one HTML page that needs nothing else: for people who were not there. Pure; every text from a machine
// is escaped, and the page's policy forbids scripts and loading.

import type { CheckResultDocument } from '../../shared/documents.ts';
import type { ReportDocument } from '../../shared/report-document.ts';
import { formatDuration } from '../../shared/units.ts';
import { phasesOf } from '../plans/phases.ts';
import { escapeHtml as e } from './escape.ts';
import { deviationsOf, haltsOf, measuresOf, statusWords, stepsOf, type Told, timeOf, titleOf } from './facts.ts';
import {
  acceptedTable,
  comparedTable,
  decisionsTable,
  excerptsSection,
  logsSection,
  observerTable,
  portalSection,
  stepTimesTable,
  timelineTable,
} from './page-evidence.ts';
import { section, table } from './page-parts.ts';
import { timelinePicture } from './picture.ts';
import { style } from './style.ts';

/** Longer commands are folded. */
const shortLines = 6;

/** The whole page. */
export function reportPage(report: ReportDocument): string {
  const { run } = report;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${e(titleOf(report))} · ${e(run.status)}</title>
<style>${style}</style>
</head>
<body>
<h1>${e(titleOf(report))}</h1>
<p><span class="status ${e(run.status)}">${e(statusWords[run.status])}</span></p>
${run.message === '' ? '' : `<p>${e(run.message)}</p>`}
<div class="cards">${measuresOf(report)
    .map(
      (measure) =>
        `<div class="card"><span>${e(measure.name)}</span><b>${e(measure.actual)}</b><span>predicted ${e(measure.predicted)}</span><span>${e(measure.note)}</span></div>`,
    )
    .join('')}</div>
${aboutTable(report)}
${haltSection(report)}
${section('Versions', versionsTable(report))}
${section('Who decided what', decisionsTable(report))}
${section('Accepted although it failed', acceptedTable(report))}
${section('The portal as clients saw it', portalSection(report))}
${section('What happened when', timelineSection(report))}
${section('Checks before and after', comparedTable(report))}
${section('Predicted and actual', stepTimesTable(report))}
${section('Deviations from the guide', deviationsTable(report))}
${section('The journal around what failed', excerptsSection(report))}
${section('What programs said', logsSection(report))}
${section('The observer’s log', observerTable(report))}
${section('Steps', stepsSection(report))}
${section('Journal', timelineTable(report.timeline))}
<p class="soft">Times are UTC. Journal: ${run.head.sequence} events, head <code>${e(run.head.hash)}</code>; <code>baton run verify ${e(run.id)}</code> proves that it is complete and unchanged.</p>
</body>
</html>
`;
}

function aboutTable({ run, plan, change, reason }: ReportDocument): string {
  const rows: [string, string][] = [
    ['Change', e(change || '–')],
    ['Reason', e(reason || '–')],
    ['Run', `<code>${e(run.id)}</code>`],
    ['Cluster', e(run.cluster)],
    ['Operator', e(run.operator)],
    ['Started', e(timeOf(run.startedAt))],
    ['Ended', e(timeOf(run.endedAt))],
    ['Failover', e(run.failover)],
    ['Plan', `${e(run.plan)}, ${plan.items.length} items, <code>${e(run.planHash)}</code>`],
    ['Parameters', `<code>${e(JSON.stringify(run.parameters))}</code>`],
  ];
  return `<table><tbody>${rows.map(([name, value]) => `<tr><th>${e(name)}</th><td>${value}</td></tr>`).join('')}</tbody></table>`;
}

function haltSection(report: ReportDocument): string {
  const { run } = report;
  const now = run.halt;
  const past = haltsOf(report);
  if (!now && past.length === 0) return '';
  const parts = past.map((halt) => `<p><b>${e(timeOf(halt.at))}</b> ${e(halt.sentence)}</p>`);
  if (now) {
    const list = (values: string[]) => e(values.length === 0 ? 'nothing' : values.join(', '));
    parts.push(`<div class="halt"><p><b>${e(now.message)}</b></p>
<p>Runs: ${list(now.runsNow)}<br>Down: ${list(now.downNow)}<br>Failover: ${e(run.failover)}<br>Evidence: ${list(now.evidenceAt)}</p>
${now.evidence.trim() === '' ? '' : `<pre>${e(now.evidence.trim())}</pre>`}
${table(
  ['Next', 'Consequence'],
  run.next.map((next) => [`<code>${e(next.command)}</code>`, e(next.consequence)]),
  'next',
)}</div>`);
  }
  return section('Where it stood still', parts.join('\n'));
}

function versionsTable(report: ReportDocument): string {
  return table(
    ['Node', 'Before', 'After'],
    report.versions.map((row) => [e(row.node), e(row.before), e(row.after)]),
  );
}

function timelineSection(report: ReportDocument): string {
  const picture = timelinePicture(report.run);
  return picture === ''
    ? ''
    : `${picture}<p class="key"><i style="background:var(--act)"></i>step<i style="background:var(--look)"></i>condition that was read<i style="background:var(--bad)"></i>failed<i style="background:var(--warn)"></i>unknown, undone or waiting</p>`;
}

function deviationsTable(report: ReportDocument): string {
  return table(
    ['Step', 'Guide', 'Deviation and why'],
    deviationsOf(report).map((row) => [e(row.title), e(row.section), e(row.deviation)]),
  );
}

function stepsSection(report: ReportDocument): string {
  return phasesOf(stepsOf(report))
    .map(({ phase, items }) => `<h3>${e(phase)}</h3>\n${items.map(stepBlock).join('\n')}`)
    .join('\n');
}

function stepBlock({ step, item }: Told): string {
  const time = step.elapsedMs ? formatDuration(step.elapsedMs) : '';
  const attempts = step.attempts > 1 ? `, ${step.attempts} attempts` : '';
  const planned = step.commands.length === 0 && step.kind !== 'approval' ? (item?.commands ?? []) : [];
  return `<div class="step ${e(step.status)}"><div class="head"><b>${e(step.title)}</b><span class="soft">${e([step.node, step.status + attempts, time].filter((part) => part !== '').join(' · '))}</span></div>
${item ? `<p class="soft">${e(item.section)}</p>` : ''}
${step.commands.map(commandBlock).join('\n')}
${planned.length === 0 ? '' : `<details><summary class="soft">${planned.length} command lines planned</summary><pre>${e(planned.join('\n'))}</pre></details>`}
${step.failure ? `<p class="fail">${e(step.failure.message)}</p>` : ''}
${checksTable(step.checks)}</div>`;
}

/** Scripts are folded, so that neither screen nor paper is full of them; `baton run logs` and the Markdown have them whole. */
function commandBlock(command: string): string {
  const lines = command.trimEnd().split('\n');
  if (lines.length <= shortLines) return `<pre>${e(command.trimEnd())}</pre>`;
  return `<details><summary><code>${e(lines[0] ?? '')}</code> <span class="soft">${lines.length} lines</span></summary><pre>${e(command.trimEnd())}</pre></details>`;
}

function checksTable(checks: CheckResultDocument[]): string {
  return table(
    ['Check', 'Node', 'Limit', 'Reading', 'Verdict'],
    checks.map((check) => [
      e(check.title),
      e(check.node),
      e(check.limit),
      e(check.reading),
      `<span class="${e(check.verdict)}">${e(check.verdict)}</span>${check.verdict === 'pass' ? '' : `<br>${e(check.accepted === undefined ? check.remedy : `accepted: ${check.accepted}`)}`}`,
    ]),
  );
}
