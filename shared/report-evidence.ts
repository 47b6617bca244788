// What a report has beside the run's document: who decided what and why, every condition as it was read, the meter's curve,
// and what programs said last. Part of the JSON document of `baton report`.
import type { CheckResultDocument } from './documents.ts';

export interface ReportEvidence {
  /** Number of the change request, and why, as told at the start; empty when nothing was told. */
  change: string;
  reason: string;
  /** Operators’ words, oldest first; the first is the start. */
  decisions: DecisionDocument[];
  /** Every condition as it was journaled, oldest first. */
  readings: ReadingDocument[];
  /** Absent where the portal was not metered, or its samples are gone. */
  curve?: CurveDocument;
  /** The end of what programs have written, and of what failed. */
  logs: LogExtractDocument[];
}

export interface DecisionDocument {
  at: string;
  operator: string;
  decision: string;
  /** The item that it was about; empty for the run as a whole. */
  item: string;
  title: string;
  reason: string;
}

export interface ReadingDocument {
  at: string;
  sequence: number;
  item: string;
  title: string;
  phase: string;
  of: 'gate' | 'before' | 'then' | 'undo-before' | 'undo-then';
  passed: boolean;
  checks: CheckResultDocument[];
}

/** How fast the portal answered, in spans of one length; times from the first request on. */
export interface CurveDocument {
  spanMs: number;
  spans: CurveSpan[];
}

export interface CurveSpan {
  fromMs: number;
  samples: number;
  failures: number;
  /** Of those that answered; absent where none did, or nobody measured. */
  medianMs?: number;
  slowestMs?: number;
}

export interface LogExtractDocument {
  at: string;
  item: string;
  title: string;
  node: string;
  /** Attempt and verdict. */
  about: string;
  text: string;
  /** Where the whole of it lies, on the node; empty where this is the whole. */
  whole: string;
}
