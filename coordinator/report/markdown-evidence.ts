// The report's evidence as Markdown: the same facts as on the page. Pure; everything is escaped.
import type { CheckResultDocument } from '../../shared/documents.ts';
import type { ReportDocument } from '../../shared/report-document.ts';
import { formatDuration } from '../../shared/units.ts';
import { acceptedIn, acceptedInVain, comparedIn, excerptsOf, stepTimesOf } from './compare.ts';
import { fenced, escapeMarkdown as m } from './escape.ts';
import { timeOf } from './facts.ts';
import { part, table } from './markdown-parts.ts';

/** What a reader wants to know before the steps. */
export function evidenceBefore(report: ReportDocument): string[] {
  return [
    ...part(
      'Who decided what',
      table(
        ['Time', 'Who', 'Said', 'About', 'Why'],
        report.decisions.map((one) => [timeOf(one.at), m(one.operator), m(one.decision), m(one.title), m(one.reason)]),
      ),
    ),
    ...part(
      'Accepted although it failed',
      table(
        ['Check', 'Node', 'Found', 'Accepted because'],
        [
          ...acceptedIn(report).map(({ check, reason }) => [
            m(`${check.title} (${check.id})`),
            m(check.node),
            m(check.reading),
            m(reason),
          ]),
          ...acceptedInVain(report).map(({ check, reason }) => [m(check), '', 'passed', m(reason)]),
        ],
      ),
    ),
    ...part(
      'Checks before and after',
      table(
        ['Check', 'Node', 'Before', 'After'],
        comparedIn(report).map((row) => [m(row.title), m(row.node), finding(row.before), finding(row.after)]),
      ),
    ),
  ];
}

/** Times, excerpts and logs. */
export function evidenceAfter(report: ReportDocument): string[] {
  return [
    ...part(
      'Predicted and actual',
      table(
        ['Step', 'Node', 'Predicted', 'Actual'],
        stepTimesOf(report).map((step) => [
          m(step.title),
          m(step.node),
          formatDuration(step.predictedMs),
          formatDuration(step.actualMs),
        ]),
      ),
    ),
    ...part(
      'The journal around what failed',
      excerptsOf(report)
        .map((entries) =>
          table(
            ['#', 'Time', 'Event', ''],
            entries.map((entry) => [String(entry.sequence), timeOf(entry.at), m(entry.type), m(entry.sentence)]),
          ),
        )
        .join('\n\n'),
    ),
    ...part(
      'What programs said',
      report.logs
        .map(
          (log) => `**${m(log.title)}** ${m([log.node, log.about, timeOf(log.at)].join(' · '))}\n\n${fenced(log.text)}`,
        )
        .join('\n\n'),
    ),
  ];
}

const finding = (check: CheckResultDocument | undefined): string =>
  check === undefined ? '–' : `${check.verdict}: ${m(check.reading)}`;
