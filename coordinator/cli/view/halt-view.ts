// What an operator must know when a run stands still (I5): what happened, what runs and what is down now, whether
// failover is armed, where the evidence lies, and the legal next commands with their consequences. Pure.
import type { RunDocument } from '../../../shared/documents.ts';
import { findings } from './check-view.ts';
import { clean, cleanBlock, indent, type Paint, wrap } from './text.ts';

const evidenceLines = 15;

/** The halt of a run; empty when it does not stand still. */
export function haltView(run: RunDocument, paint: Paint): string {
  const { halt } = run;
  if (halt === undefined && run.next.length === 0) return '';
  const parts: string[] = [];
  if (halt) {
    const item = run.steps.find((step) => step.id === halt.item);
    const title = clean(item?.title ?? halt.item);
    const where = !item || item.node === '' || title.includes(item.node) ? title : `${title} on ${clean(item.node)}`;
    const isQuestion = run.status === 'awaiting-operator';
    parts.push(
      paint(['bold', isQuestion ? 'yellow' : 'red'], `${isQuestion ? 'WAITS FOR YOU' : 'HALTED'} at: ${where}`),
      line('What happened', halt.message),
      line('Runs now', halt.runsNow.length === 0 ? 'nothing that was looked at' : halt.runsNow.join(', ')),
      line('Down now', halt.downNow.length === 0 ? 'nothing' : halt.downNow.join(', ')),
    );
  }
  parts.push(line('Failover', failoverWords[run.failover]));
  if (halt) {
    parts.push(line('Evidence', halt.evidenceAt.length === 0 ? '-' : halt.evidenceAt.join('; ')));
    const failing = run.steps
      .find((step) => step.id === halt.item)
      ?.checks.filter((check) => check.verdict === 'fail' || check.verdict === 'unknown');
    if (failing?.length) parts.push('', findings(failing, paint));
    const last = cleanBlock(halt.evidence).trimEnd().split('\n').slice(-evidenceLines).join('\n').trim();
    if (last !== '' && !failing?.length) parts.push('', paint('dim', indent(last, '    │ ')));
  }
  return [...parts, ...nextCommands(run, paint)].join('\n');
}

const failoverWords: Record<RunDocument['failover'], string> = {
  armed: 'armed: the observer watches the master',
  suspended: 'SUSPENDED: if the master is lost now, nothing takes over by itself',
  unknown: 'UNKNOWN: the observer could not be asked; treat it as suspended',
};

function nextCommands(run: RunDocument, paint: Paint): string[] {
  if (run.next.length === 0) return [];
  return [
    '',
    paint('bold', 'What you can do now'),
    ...run.next.flatMap((next) => [
      `  ${paint('cyan', clean(next.command))}`,
      ...wrap(clean(next.consequence), 90).map((text) => `      ${text}`),
    ]),
  ];
}

function line(name: string, value: string): string {
  return wrap(clean(value), 84)
    .map((text, index) => `  ${(index === 0 ? name : '').padEnd(15)}${text}`)
    .join('\n');
}
