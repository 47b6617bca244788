// What `baton operator` and `baton audit` print with --json, and what travels between command and coordinator. schema: 1.

export interface OperatorDocument {
  name: string;
  role: 'viewer' | 'operator' | 'approver' | 'admin';
  /** Of the certificate, hexadecimal. */
  serial: string;
  issuedAt: string;
  /** Who has issued it. */
  issuedBy: string;
  validTo: string;
  /** Empty when it is not. */
  revokedAt: string;
}

export interface OperatorsDocument {
  schema: 1;
  operators: OperatorDocument[];
}

export interface OperatorAddedDocument extends OperatorDocument {
  schema: 1;
  /** PEM, as `authority` is. */
  certificate: string;
  authority: string;
}

export interface AuditEventDocument {
  sequence: number;
  at: string;
  /** operator alice, node n1, or an address. */
  who: string;
  /** Of the certificate of whoever that was; empty where none was shown. */
  serial: string;
  what: string;
  detail: string;
  outcome: 'done' | 'refused' | 'failed';
  /** Of the event as it is stored, SHA-256. */
  hash: string;
}

export interface AuditDocument {
  schema: 1;
  /** Oldest first. */
  events: AuditEventDocument[];
}

export interface AuditVerifiedDocument {
  schema: 1;
  whole: boolean;
  /** How many events there are, and which ones. */
  events: number;
  first: number;
  /** The newest event: to be noted elsewhere. */
  head: { sequence: number; hash: string };
  /** Where the chain begins; what is older was written by a version without one. 0 where there is none. */
  chainedFrom: number;
  findings: { sequence: number; message: string }[];
}
