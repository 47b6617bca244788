// The audit as lines, and what its verification has found. Pure.
import type { AuditEventDocument, AuditVerifiedDocument } from '../../../shared/operator-documents.ts';
import { clean, moment, type Paint } from './text.ts';

/** A line an event: when, who with which certificate, what, how it ended. */
export function auditView(events: AuditEventDocument[], paint: Paint): string {
  if (events.length === 0) return 'nothing was recorded';
  const width = Math.max(...events.map((event) => whoOf(event).length));
  return events
    .map((event) => {
      const what = clean(event.what).replace(/^baton\.v1\./, '');
      const text = `${what} ${event.outcome}${event.detail === '' ? '' : `: ${clean(event.detail).replaceAll('\n', ' ')}`}`;
      const line = event.outcome === 'done' ? text : paint(event.outcome === 'refused' ? 'yellow' : 'red', text);
      return `${moment(event.at)}  ${whoOf(event).padEnd(width)}  ${line}`;
    })
    .join('\n');
}

function whoOf({ who, serial }: AuditEventDocument): string {
  return `${clean(who)}${serial === '' ? '' : ` (${clean(serial).slice(0, 8)})`}`;
}

/** Whole, or each finding with its number; and the head, to be noted elsewhere. */
export function verifiedView(verified: AuditVerifiedDocument, paint: Paint): string {
  const { events, first, head, chainedFrom, findings, whole } = verified;
  const range = events === 0 ? 'no events' : `${events} events, ${first} to ${head.sequence}`;
  const unchained = chainedFrom > first ? [`Events before ${chainedFrom} are of a version without a chain.`] : [];
  return [
    whole
      ? paint('green', `The audit is whole: ${range}.`)
      : paint('red', `The audit is not as it was written: ${range}.`),
    ...findings.map(({ sequence, message }) => `  event ${sequence}: ${clean(message)}`),
    ...unchained,
    `Head ${head.sequence}:${head.hash}`,
    'Noted elsewhere, this head shows later also that nobody has written all of it anew: --verify --head NUMBER:HASH',
  ].join('\n');
}
