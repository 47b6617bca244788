// The JSON document of `baton report`: a run and its plan with all the evidence.
import type { PlanDocument, RunDocument } from './documents.ts';
import type { ReportEvidence } from './report-evidence.ts';

export interface ReportDocument extends ReportEvidence {
  schema: 1;
  run: RunDocument;
  plan: PlanDocument;
  versions: { node: string; before: string; after: string }[];
  timeline: { at: string; sequence: number; type: string; item: string; sentence: string }[];
  predicted: { durationMs: number; outageMs: number; suspensionMs: number };
  actual: { durationMs: number; outageMs: number; suspensionMs: number };
}
