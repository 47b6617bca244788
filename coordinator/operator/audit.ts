// Operator › audit: who did what, and whether all of it is as it was written, as documents.
import { fail, ok, type Result } from '../../shared/failures.ts';
import type { AuditDocument, AuditEventDocument, AuditVerifiedDocument } from '../../shared/operator-documents.ts';
import type { Audit } from '../audit/audit.ts';
import { type ReadAuditEvent, readAudit, verifyAudit } from '../audit/read.ts';
import type { Bus } from '../bus/bus.ts';
import type { Tell } from './handlers.ts';

export interface AuditParts {
  bus: Bus;
  audit: Audit;
  nowMs(): number;
}

/** At once, whatever is asked for. */
export const eventsMax = 50_000;
const batch = 500;

/** Tells the newest events that are asked for, oldest first. */
export async function tellAudit(
  { bus, audit }: AuditParts,
  request: { sinceMs: number; who: string; countMax: number },
  tell: Tell,
): Promise<Result<void>> {
  // What is asked for after an act shows the act.
  await audit.flush();
  const { sinceMs, who } = request;
  const countMax = request.countMax > 0 ? Math.min(request.countMax, eventsMax) : eventsMax;
  const events = await readAudit(bus, { sinceMs, who, countMax });
  if (!events.ok) return events;
  for (let from = 0; from === 0 || from < events.value.length; from += batch) {
    const part = events.value.slice(from, from + batch).map(documentOf);
    await tell({ schema: 1, events: part } satisfies AuditDocument);
  }
  return ok(undefined);
}

/** Looks at every event; a head that was noted elsewhere finds a chain that was written anew as well. */
export async function verifiedAudit(
  { bus, audit, nowMs }: AuditParts,
  { sequence, hash }: { sequence: number; hash: string },
): Promise<Result<AuditVerifiedDocument>> {
  await audit.flush();
  if (sequence !== 0 && !/^[0-9a-f]{64}$/.test(hash))
    return fail('bad-input', 'the head must be the number of an event, a colon and its SHA-256');
  const verified = await verifyAudit(bus, nowMs(), sequence === 0 ? undefined : { sequence, hash });
  if (!verified.ok) return verified;
  if (sequence !== 0 && sequence < verified.value.first)
    return fail('not-found', `event ${sequence} is no longer kept; the oldest is ${verified.value.first}`);
  return ok({ schema: 1, whole: verified.value.findings.length === 0, ...verified.value });
}

function documentOf({
  sequence,
  atMs,
  who,
  serial = '',
  what,
  detail,
  outcome,
  hash,
}: ReadAuditEvent): AuditEventDocument {
  return { sequence, at: new Date(atMs).toISOString(), who, serial, what, detail, outcome, hash };
}
