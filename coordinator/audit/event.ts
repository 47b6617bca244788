// What the audit keeps of each act, where, and for how long.
import { hours } from '../../shared/units.ts';

export interface AuditEvent {
  atMs: number;
  /** operator alice, node n1, or an address. */
  who: string;
  /** Of the certificate that was shown. */
  serial?: string;
  /** Such as `Enrolment.Join` or `revoke node`. */
  what: string;
  detail: string;
  outcome: 'done' | 'refused' | 'failed';
}

export const auditStream = 'AUDIT';
export const auditSubject = 'baton.audit';
export const auditKeptMs = hours(365 * 24);
export const auditBytesMax = 256 * 1024 * 1024;
