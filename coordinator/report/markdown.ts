// The report as Markdown, for tickets and mails. Pure; every text from a machine is escaped.

import type { ReportDocument } from '../../shared/report-document.ts';
import { formatDuration } from '../../shared/units.ts';
import { phasesOf } from '../plans/phases.ts';
import { fenced, escapeMarkdown as m } from './escape.ts';
import { deviationsOf, haltsOf, measuresOf, statusWords, stepsOf, type Told, timeOf, titleOf } from './facts.ts';
import { evidenceAfter, evidenceBefore } from './markdown-evidence.ts';
import { part, table } from './markdown-parts.ts';

/** The whole text. */
export function reportMarkdown(report: ReportDocument): string {
  const { run } = report;
  return `${[
    `# ${m(titleOf(report))}`,
    `**${m(statusWords[run.status])}**${run.message === '' ? '' : ` – ${m(run.message)}`}`,
    table(
      ['', 'as it was', 'predicted', ''],
      measuresOf(report).map((row) => [m(row.name), m(row.actual), m(row.predicted), m(row.note)]),
    ),
    `Run ${m(run.id)} by ${m(run.operator)}, ${timeOf(run.startedAt)} to ${timeOf(run.endedAt)}; failover is ${run.failover}.`,
    ...(report.change === '' && report.reason === ''
      ? []
      : [`Change ${m(report.change || '–')}: ${m(report.reason || '–')}`]),
    ...halts(report),
    ...part(
      'Versions',
      table(
        ['Node', 'Before', 'After'],
        report.versions.map((row) => [m(row.node), m(row.before), m(row.after)]),
      ),
    ),
    ...part(
      'Portal did not answer',
      table(
        ['From', 'To', 'For'],
        (run.portal?.intervals ?? []).map(({ fromMs, toMs }) => [
          formatDuration(fromMs),
          formatDuration(toMs),
          formatDuration(toMs - fromMs),
        ]),
      ),
    ),
    ...evidenceBefore(report),
    ...part(
      'Deviations from the guide',
      table(
        ['Step', 'Guide', 'Deviation and why'],
        deviationsOf(report).map((row) => [m(row.title), m(row.section), m(row.deviation)]),
      ),
    ),
    ...evidenceAfter(report),
    '## Steps',
    ...phasesOf(stepsOf(report)).flatMap(({ phase, items }) => [`### ${m(phase)}`, ...items.map(stepBlock)]),
    `Journal: ${run.head.sequence} events, head \`${m(run.head.hash)}\`; \`baton run verify ${m(run.id)}\` proves that it is complete and unchanged.`,
  ].join('\n\n')}\n`;
}

function halts(report: ReportDocument): string[] {
  const { run } = report;
  const past = haltsOf(report).map((halt) => `- ${timeOf(halt.at)}: ${m(halt.sentence)}`);
  if (past.length === 0 && !run.halt) return [];
  const now = run.halt;
  const list = (values: string[]) => m(values.length === 0 ? 'nothing' : values.join(', '));
  return [
    '## Where it stood still',
    ...(past.length === 0 ? [] : [past.join('\n')]),
    ...(now
      ? [
          `**${m(now.message)}**`,
          [
            `- Runs: ${list(now.runsNow)}`,
            `- Down: ${list(now.downNow)}`,
            `- Failover: ${run.failover}`,
            `- Evidence: ${list(now.evidenceAt)}`,
          ].join('\n'),
          ...(now.evidence.trim() === '' ? [] : [fenced(now.evidence)]),
          ...(run.next.length === 0
            ? []
            : [run.next.map((next) => `- \`${m(next.command)}\`: ${m(next.consequence)}`).join('\n')]),
        ]
      : []),
  ];
}

function stepBlock({ step, item }: Told): string {
  const time = step.elapsedMs ? `, ${formatDuration(step.elapsedMs)}` : '';
  const where = step.node === '' ? '' : ` on ${m(step.node)}`;
  const attempts = step.attempts > 1 ? `, ${step.attempts} attempts` : '';
  return [
    `- **${m(step.title)}**${where}: ${step.status}${time}${attempts}${item ? ` – ${m(item.section)}` : ''}`,
    ...(step.commands.length === 0 ? [] : [fenced(step.commands.join('\n'))]),
    ...(step.failure ? [`Failure: ${m(step.failure.message)}`] : []),
    ...(step.checks.length === 0
      ? []
      : [
          table(
            ['Check', 'Node', 'Limit', 'Reading', 'Verdict'],
            step.checks.map((check) => [
              m(check.title),
              m(check.node),
              m(check.limit),
              m(check.reading),
              check.verdict === 'pass'
                ? 'pass'
                : `${check.verdict}: ${m(check.accepted === undefined ? check.remedy : `accepted: ${check.accepted}`)}`,
            ]),
          ),
        ]),
  ].join('\n\n');
}
