// The pictures of the report as inline SVG: which step took when, and when the portal did not answer. Pure; colours
// come from the page's style, so that they follow light and dark.
import type { PortalMeterDocument, RunDocument, RunStepDocument } from '../../shared/documents.ts';
import { formatDuration } from '../../shared/units.ts';
import { escapeHtml } from './escape.ts';

export const width = 960;
const labelWidth = 330;
const rowHeight = 20;
export const axisHeight = 28;

/** A bar for each item that took time, on one time axis. Empty when nothing has started. */
export function timelinePicture(run: RunDocument): string {
  const rows = run.steps.flatMap((step) => (step.startedAt === undefined ? [] : [rowOf(step, step.startedAt)]));
  if (rows.length === 0) return '';
  const fromMs = Math.min(...rows.map((row) => row.fromMs));
  const toMs = Math.max(fromMs + 1, ...rows.map((row) => row.toMs));
  const scale = (atMs: number) => labelWidth + ((atMs - fromMs) / (toMs - fromMs)) * (width - labelWidth - 12);
  const height = axisHeight + rows.length * rowHeight + 6;
  const bars = rows.map(({ step, ...row }, index) => {
    const y = axisHeight + index * rowHeight;
    const length = Math.max(2, scale(row.toMs) - scale(row.fromMs));
    const where = step.node === '' || step.title.includes(step.node) ? '' : ` (${step.node})`;
    const about = `${step.title}${where}: ${step.status}, ${formatDuration(row.toMs - row.fromMs)}`;
    return `<g><title>${escapeHtml(about)}</title>
<text class="label" x="${labelWidth - 8}" y="${y + 14}" text-anchor="end">${escapeHtml(short(`${step.title}${where}`, 46))}</text>
<rect class="bar ${step.kind} ${step.status}" x="${round(scale(row.fromMs))}" y="${y + 4}" width="${round(length)}" height="${rowHeight - 8}" rx="2"/></g>`;
  });
  return svg(height, 'Which step took when', [axis(toMs - fromMs, height, labelWidth, width - 12), ...bars]);
}

/** The portal over the time that it was metered: answering, and not. */
export function portalPicture(portal: PortalMeterDocument, durationMs: number): string {
  const totalMs = Math.max(1, durationMs, ...portal.intervals.map((interval) => interval.toMs));
  const scale = (atMs: number) => 12 + (atMs / totalMs) * (width - 24);
  const height = axisHeight + 44;
  const gaps = portal.intervals.map(
    ({ fromMs, toMs }) =>
      `<rect class="down" x="${round(scale(fromMs))}" y="${axisHeight + 4}" width="${round(Math.max(1.5, scale(toMs) - scale(fromMs)))}" height="30"><title>no answer for ${escapeHtml(formatDuration(toMs - fromMs))}, from ${escapeHtml(formatDuration(fromMs))} on</title></rect>`,
  );
  return svg(height, 'When the portal answered and when not', [
    axis(totalMs, height, 12, width - 12),
    `<rect class="up" x="12" y="${axisHeight + 4}" width="${width - 24}" height="30" rx="2"/>`,
    ...gaps,
  ]);
}

function rowOf(step: RunStepDocument, startedAt: string) {
  const fromMs = Date.parse(startedAt);
  return { step, fromMs, toMs: fromMs + (step.elapsedMs ?? 0) };
}

/** Time marks at round distances, at most eight. */
export function axis(totalMs: number, height: number, left: number, right: number): string {
  const rounds = [
    100, 200, 500, 1000, 2000, 5000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000, 1_800_000, 3_600_000,
  ];
  const stepMs = rounds.find((candidate) => totalMs / candidate <= 8) ?? Math.ceil(totalMs / 8 / 3_600_000) * 3_600_000;
  const marks: string[] = [];
  for (let atMs = 0; atMs <= totalMs; atMs += stepMs) {
    const x = round(left + (atMs / totalMs) * (right - left));
    marks.push(
      `<line class="grid" x1="${x}" y1="${axisHeight - 4}" x2="${x}" y2="${height}"/><text class="tick" x="${x}" y="14" text-anchor="${x > right - 20 ? 'end' : x < 20 ? 'start' : 'middle'}">${escapeHtml(tick(atMs))}</text>`,
    );
  }
  return marks.join('');
}

function tick(ms: number): string {
  if (ms === 0) return '0';
  if (ms < 60_000) return `${ms / 1000} s`;
  return ms < 3_600_000 ? `${Math.round(ms / 6000) / 10} min` : `${Math.round(ms / 360_000) / 10} h`;
}

export function svg(height: number, title: string, parts: string[]): string {
  return `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeHtml(title)}">${parts.join('\n')}</svg>`;
}

export const round = (value: number): number => Math.round(value * 10) / 10;

function short(text: string, length: number): string {
  const letters = [...text];
  return letters.length <= length ? text : `${letters.slice(0, length - 1).join('')}…`;
}
