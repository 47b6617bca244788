// The log of a run as its journal has it: command lines and what they left, attempt by attempt. Pure.
import { jobEndOf } from '../../shared/actions/jobs/job.ts';
import type { LogChunkDocument } from '../../shared/documents.ts';
import type { Outcome } from '../../shared/outcome.ts';
import type { RunEvent } from '../journal/event.ts';

/** One chunk for each thing that an agent told, in order. */
export function runLogs(events: RunEvent[]): LogChunkDocument[] {
  const nodes = new Map<string, string>();
  return events.flatMap(({ fact, atMs }) => {
    if (fact.type === 'StepStarted') {
      nodes.set(`${fact.item}/${fact.phase}/${fact.attempt}`, fact.node);
      return [];
    }
    if (fact.type !== 'OutcomeRecorded') return [];
    const node = nodes.get(`${fact.item}/${fact.phase}/${fact.attempt}`) ?? '';
    const title = `${new Date(atMs).toISOString()} ${fact.phase === 'undo' ? 'undo, ' : ''}attempt ${fact.attempt}: ${fact.outcome.verdict}`;
    const text = [title, ...linesOf(fact.outcome)].join('\n');
    return [{ schema: 1 as const, item: fact.item, node, text: `${text}\n` }];
  });
}

function linesOf({ commands, failure, answer }: Outcome): string[] {
  const lines = commands.map((command) => `$ ${command}`);
  if (failure !== undefined) lines.push(failure.message, ...(failure.evidence === '' ? [] : [failure.evidence]));
  const job = jobEndOf(answer);
  if (job !== undefined) {
    // A failure's evidence has them already.
    if (failure === undefined) lines.push(job.lastLines);
    lines.push(`whole output: ${job.logFile} (${job.logBytes} bytes)`);
  }
  return lines;
}
