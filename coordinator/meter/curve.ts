// How fast the portal answered over the time of a run: the samples in spans, few enough to be drawn. Pure.
import type { CurveDocument, CurveSpan } from '../../shared/report-evidence.ts';
import { type SampleBatch, slots } from './summary.ts';

/** At most this many spans, none shorter than a second. */
const spansMax = 240;
const spanLeastMs = 1000;

/** Undefined where nothing was sampled. */
export function curveOf(batches: SampleBatch[]): CurveDocument | undefined {
  const all = [...slots(batches)];
  const last = all.at(-1);
  if (last === undefined) return undefined;
  const spanMs = Math.ceil(Math.max(spanLeastMs, (last.atMs + last.everyMs) / spansMax) / spanLeastMs) * spanLeastMs;
  const spans = new Map<number, { samples: number; failures: number; latenciesMs: number[] }>();
  for (const { atMs, result, latencyMs } of all) {
    if (result === '-') continue;
    const fromMs = Math.floor(atMs / spanMs) * spanMs;
    const span = spans.get(fromMs) ?? { samples: 0, failures: 0, latenciesMs: [] };
    spans.set(fromMs, span);
    span.samples += 1;
    if (result !== 'o') span.failures += 1;
    else if (latencyMs !== undefined) span.latenciesMs.push(latencyMs);
  }
  return { spanMs, spans: [...spans].map(([fromMs, span]) => toSpan(fromMs, span)) };
}

function toSpan(fromMs: number, span: { samples: number; failures: number; latenciesMs: number[] }): CurveSpan {
  const { samples, failures } = span;
  const sorted = span.latenciesMs.toSorted((a, b) => a - b);
  const [medianMs, slowestMs] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted.at(-1)];
  return {
    fromMs,
    samples,
    failures,
    ...(medianMs !== undefined && { medianMs }),
    ...(slowestMs !== undefined && { slowestMs }),
  };
}
