// One picture of a running run for a terminal: headings, the steps of those at work, the installer's bar. Pure: the
// same view, time and size give the same lines, never more than fit.
import { formatDuration } from '../../../shared/units.ts';
import { goalOf } from '../../plans/goal.ts';
import { phasesOf } from '../../plans/phases.ts';
import { type ItemView, isActive, isSettled, type PhaseView, type RunView } from './run-view.ts';
import { bar, clean, cut, type Paint } from './text.ts';

export interface FrameSize {
  columns: number;
  rows: number;
}

const spinner = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];

/** The lines of one picture at a moment (wall clock, ms). */
export function liveFrame(view: RunView, nowMs: number, size: FrameSize, paint: Paint): string[] {
  const { run } = view;
  const width = Math.max(20, size.columns - 1);
  const goal = goalOf(run.parameters);
  const version = goal === '' ? '' : ` to ${clean(goal)}`;
  const elapsed = formatDuration(Math.max(0, nowMs - Date.parse(run.startedAt)));
  const head = paint('bold', cut(`${run.plan} of ${run.cluster}${version} · run ${run.id} · ${elapsed}`, width));
  const foot = [
    ...(view.notice === '' ? [] : [paint('yellow', cut(clean(view.notice), width))]),
    paint('dim', cut('Ctrl-C leaves this view; the run goes on.', width)),
  ];
  const rows = Math.max(1, size.rows - foot.length - 2);
  const body = phasesOf(view.items).flatMap((phase) => phaseLines(phase, nowMs, width, paint));
  return [head, ...window(body, rows), ...foot];
}

interface Line {
  text: string;
  isFocus: boolean;
}

/** As many lines as fit, those at work among them. */
function window(lines: Line[], rows: number): string[] {
  const focus = lines.findLastIndex((line) => line.isFocus);
  const from = Math.max(0, Math.min(lines.length - rows, focus - Math.floor(rows * 0.7)));
  return lines.slice(from, from + rows).map((line) => line.text);
}

function phaseLines(phase: PhaseView, nowMs: number, width: number, paint: Paint): Line[] {
  const done = phase.items.filter((item) => isSettled(item.status)).length;
  const isDone = done === phase.items.length;
  const isUntouched = phase.items.every((item) => item.status === 'pending');
  const sign = isDone ? paint('green', '✔') : isUntouched ? paint('dim', '·') : paint('cyan', '❯');
  const sumMs = phase.items.reduce((sum, item) => sum + (item.elapsedMs ?? 0), 0);
  const time = isDone && sumMs > 0 ? formatDuration(sumMs) : '';
  const name = cut(clean(phase.phase), 40).padEnd(24);
  const heading = `${sign} ${isUntouched ? paint('dim', name) : paint('bold', name)} ${done}/${phase.items.length}  ${paint('dim', time)}`;
  if (isDone || isUntouched) return [{ text: heading, isFocus: false }];
  const titleWidth = Math.min(
    Math.max(20, width - 48),
    Math.max(...phase.items.map((item) => clean(item.title).length)),
  );
  return [
    { text: heading, isFocus: false },
    ...phase.items.flatMap((item) =>
      itemLines(item, nowMs, { width, titleWidth }, paint).map((text) => ({ text, isFocus: isActive(item.status) })),
    ),
  ];
}

function itemLines(
  item: ItemView,
  nowMs: number,
  { width, titleWidth }: { width: number; titleWidth: number },
  paint: Paint,
): string[] {
  const title = cut(clean(item.title), titleWidth).padEnd(titleWidth);
  const running = isActive(item.status);
  const elapsedMs = running && item.startedAt ? Math.max(0, nowMs - Date.parse(item.startedAt)) : item.elapsedMs;
  const time = elapsedMs && item.status !== 'pending' ? formatDuration(elapsedMs) : '';
  const word = wordOf(item);
  const percent = running ? item.progress?.percent : undefined;
  const measure = percent === undefined ? '' : `${bar(percent, 20)} ${Math.round(percent)} %  `;
  const text = `  ${signOf(item, nowMs, paint)} ${title}  ${paint('dim', clean(item.node))}  ${paint('cyan', measure)}${paint('dim', time)}${word === '' ? '' : `  ${paint('yellow', word)}`}`;
  const said = running ? clean(item.progress?.line ?? '') : '';
  return said === '' ? [text] : [text, paint('dim', `      ${cut(said, width - 6)}`)];
}

function signOf(item: ItemView, nowMs: number, paint: Paint): string {
  switch (item.status) {
    case 'succeeded':
      return paint('green', '✔');
    case 'failed':
      return paint('red', '✖');
    case 'unknown':
      return paint('magenta', '?');
    case 'awaiting-approval':
      return paint('yellow', '⏸');
    case 'undone':
      return paint('yellow', '↩');
    case 'skipped':
      return paint('dim', '-');
    case 'pending':
      return paint('dim', '·');
    default:
      return paint('cyan', spinner[Math.floor(nowMs / 100) % spinner.length] ?? '');
  }
}

function wordOf(item: ItemView): string {
  const words: Partial<Record<ItemView['status'], string>> = {
    verifying: 'verifying',
    undoing: 'undoing',
    undone: 'undone',
    unknown: 'unknown',
    'awaiting-approval': 'waits for approval',
  };
  return words[item.status] ?? '';
}
