// The portal's answers over time as inline SVG: how fast, typically and at worst, and where none came. Pure; a square root
// scale, so that a slow second is seen and a fast day is not flat.
import type { PortalMeterDocument } from '../../shared/documents.ts';
import type { CurveDocument } from '../../shared/report-evidence.ts';
import { formatDuration } from '../../shared/units.ts';
import { escapeHtml } from './escape.ts';
import { axis, axisHeight, round, svg, width } from './picture.ts';

const left = 64;
const right = width - 12;
const plotHeight = 150;
const top = axisHeight + 6;
const bottom = top + plotHeight;

/** Empty where no answer's time was measured. */
export function curvePicture(curve: CurveDocument, portal: PortalMeterDocument): string {
  const measured = curve.spans.filter(({ slowestMs }) => slowestMs !== undefined);
  if (measured.length === 0) return '';
  const lastMs = Math.max(...curve.spans.map(({ fromMs }) => fromMs + curve.spanMs));
  const totalMs = Math.max(lastMs, ...portal.intervals.map(({ toMs }) => toMs));
  const slowestMs = Math.max(1, ...measured.map((span) => span.slowestMs ?? 0));
  const x = (atMs: number) => left + (Math.min(atMs, totalMs) / totalMs) * (right - left);
  const y = (ms: number) => bottom - Math.sqrt(ms / slowestMs) * plotHeight;
  const gaps = portal.intervals.map(
    ({ fromMs, toMs }) =>
      `<rect class="gap" x="${round(x(fromMs))}" y="${top}" width="${round(Math.max(1.5, x(toMs) - x(fromMs)))}" height="${plotHeight}"><title>no answer for ${escapeHtml(formatDuration(toMs - fromMs))}</title></rect>`,
  );
  const lines = strokesOf(curve).flatMap((stroke) => {
    const middle = (fromMs: number) => round(x(fromMs + curve.spanMs / 2));
    const points = (value: (span: (typeof stroke)[number]) => number) =>
      stroke.map((span) => `${middle(span.fromMs)},${round(y(value(span)))}`).join(' ');
    return [
      `<polyline class="slowest" points="${points(({ slowestMs: ms }) => ms ?? 0)}"/>`,
      `<polyline class="median" points="${points(({ medianMs }) => medianMs ?? 0)}"/>`,
    ];
  });
  const marks = marksUpTo(slowestMs).map(
    (ms) =>
      `<line class="grid" x1="${left}" y1="${round(y(ms))}" x2="${right}" y2="${round(y(ms))}"/><text class="tick" x="${left - 8}" y="${round(y(ms) + 4)}" text-anchor="end">${escapeHtml(ms === 0 ? '0' : formatDuration(ms))}</text>`,
  );
  return svg(bottom + 8, 'How fast the portal answered', [
    axis(totalMs, bottom, left, right),
    ...marks,
    ...gaps,
    ...lines,
  ]);
}

/** Spans that follow one another without a gap; a lone one is drawn as a short line. */
function strokesOf({ spanMs, spans }: CurveDocument): CurveDocument['spans'][] {
  const strokes: CurveDocument['spans'][] = [];
  for (const span of spans.filter(({ medianMs }) => medianMs !== undefined)) {
    const last = strokes.at(-1);
    if (last !== undefined && (last.at(-1)?.fromMs ?? 0) + spanMs === span.fromMs) last.push(span);
    else strokes.push([span]);
  }
  return strokes.map((stroke) =>
    stroke.length > 1 ? stroke : [...stroke, ...stroke.map((one) => ({ ...one, fromMs: one.fromMs + spanMs / 2 }))],
  );
}

/** A few round times from 0 on, far enough apart to be read. */
function marksUpTo(slowestMs: number): number[] {
  const rounds = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000];
  const stepMs = rounds.find((candidate) => slowestMs / candidate <= 4) ?? 20_000;
  return Array.from({ length: Math.floor(slowestMs / stepMs) + 1 }, (_, index) => index * stepMs);
}
