// `report`: a run as one page for people who were not there, or as a document.
import { Option } from '@commander-js/extra-typings';
import { ok } from '../../../shared/failures.ts';
import type { ReportDocument } from '../../../shared/report-document.ts';
import { reportMarkdown } from '../../report/markdown.ts';
import { reportPage } from '../../report/page.ts';
import { exitCodes } from '../exit-codes.ts';
import { jsonText } from '../io.ts';
import { runArgument } from '../run-end.ts';
import type { Shell } from '../shell.ts';
import { commandWith } from './arguments.ts';
import { writeOutput } from './output-file.ts';

const formats = ['html', 'markdown', 'json'] as const;
type Format = (typeof formats)[number];

const renderers: Record<Format, (report: ReportDocument) => string> = {
  html: reportPage,
  markdown: reportMarkdown,
  json: (report) => `${jsonText(report)}\n`,
};

export function reportCommand(shell: Shell) {
  return commandWith(
    'report',
    'Write a run’s report: plan, timeline, steps with commands and checks, the portal’s downtime as metered, versions before and after, what deviated.',
    [
      'baton report latest --format html --output upgrade.html',
      'baton report latest --format markdown',
      'baton report latest --format json | jq .actual.outageMs',
    ],
  )
    .argument('<RUN>', 'a run’s id, or `latest`')
    .addOption(
      new Option(
        '--format <FORMAT>',
        'html: one self-contained page; without it by the name of --output, otherwise markdown',
      ).choices(formats),
    )
    .option('--output <FILE>', 'a file instead of stdout')
    .option('--json', 'the same as --format json')
    .action(async (text, options) => {
      const format = options.format ?? (options.json ? 'json' : formatOfName(options.output));
      await shell.withCoordinator({ json: format === 'json' }, async (client, io) => {
        const run = await runArgument(client, text);
        if (!run.ok) return run;
        const report = await client.call<ReportDocument>('getReport', { run: run.value });
        if (!report.ok) return report;
        const content = renderers[format](report.value);
        if (options.output === undefined) {
          io.raw(content);
          return ok(exitCodes.done);
        }
        const written = await writeOutput(options.output, content);
        if (!written.ok) return written;
        io.note(`The report of run ${run.value} is in ${options.output}`);
        return ok(exitCodes.done);
      });
    });
}

function formatOfName(name: string | undefined): Format {
  if (name === undefined || /\.(md|markdown)$/i.test(name)) return 'markdown';
  return /\.json$/i.test(name) ? 'json' : 'html';
}
