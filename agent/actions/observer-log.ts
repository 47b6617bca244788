// readObserverLog: the newest lines of the observer's logs, across midnight, and how long ago the last busy one was.
import { readdir } from 'node:fs/promises';
import { posix } from 'node:path';
import type { AnswerOf } from '../../shared/actions/action.ts';
import { fail, ok, type Result } from '../../shared/failures.ts';
import { openConfined, readEnd } from '../platform/confined-path.ts';
import { findMatches } from '../platform/pattern.ts';
import { printableLine } from '../platform/printable.ts';
import { failureOfSystemCall } from '../platform/system-error.ts';
import { commandsHere, type Run, record } from './context.ts';

const tailBytes = 8 * 1024 * 1024;
/** For each pattern and file: a log of that size whose every line matches takes a good part of it. */
const patternMs = 1000;
const filesRead = 2;
const busyLinesMax = 20;
const lineLengthMax = 300;

export interface LogFile {
  path: string;
  text: string;
  /** There is more before the text. */
  isCut: boolean;
  modifiedMs: number;
}

export const readObserverLog: Run<'readObserverLog'> = async (action, context) => {
  for (const command of commandsHere(action, context)) record(context, command);
  const folder = posix.dirname(action.logs);
  let names: string[];
  try {
    names = (await readdir(folder)).filter((name) => matchesGlob(name, posix.basename(action.logs))).sort();
  } catch (error) {
    return { ok: false, failure: failureOfSystemCall(error, folder) };
  }
  if (names.length === 0) return fail('not-found', `no file matches ${action.logs}; does the observer log elsewhere?`);

  const files: LogFile[] = [];
  for (const name of names.slice(-filesRead)) {
    const path = posix.join(folder, name);
    const opened = await openConfined(path, context.policy.paths);
    if (!opened.ok) return opened;
    try {
      const { mtimeMs } = await opened.value.stat();
      files.push({ path, ...(await readEnd(opened.value, tailBytes)), modifiedMs: mtimeMs });
    } finally {
      await opened.value.close();
    }
  }
  const { beginPattern: begin, endPattern: end } = action;
  const span = begin === undefined || end === undefined ? undefined : { begin, end };
  const read = judgeLogs(files, action.busyPatterns, action.quietForMs, context.clock.nowMs(), span);
  return read.ok ? ok({ kind: 'readObserverLog', ...read.value }) : read;
};

/** What the ends of logs (oldest first) tell, if they go back far enough to tell of quiet. A line without a time of its own has that of the line before it. */
export function judgeLogs(
  files: readonly LogFile[],
  busyPatterns: readonly string[],
  quietForMs: number,
  nowMs: number,
  span?: { begin: string; end: string },
): Result<Omit<AnswerOf<'readObserverLog'>, 'kind'>> {
  const busy: { line: string; agoMs: number }[] = [];
  let open: { line: string; agoMs: number } | undefined;
  for (const file of files) {
    const [busyStarts, begins, ends] = [
      linesOf(file.text, busyPatterns),
      linesOf(file.text, span === undefined ? [] : [span.begin]),
      linesOf(file.text, span === undefined ? [] : [span.end]),
    ];
    if (!busyStarts.ok) return busyStarts;
    if (!begins.ok) return begins;
    if (!ends.ok) return ends;
    const starts = busyStarts.value;
    // Of the line before, so that no line is looked at twice.
    let known: { at: number; timeMs: number | undefined } = { at: 0, timeMs: undefined };
    for (const start of [...starts].sort((a, b) => a - b)) {
      const end = file.text.indexOf('\n', start);
      const line = file.text.slice(start, end === -1 ? undefined : end);
      if (line.trim() === '') continue;
      known = { at: start, timeMs: timeOf(file.text, start, known.at) ?? known.timeMs };
      const one = { line, agoMs: Math.max(0, Math.round(nowMs - (known.timeMs ?? file.modifiedMs))) };
      busy.push(one);
      if (ends.value.has(start)) open = undefined;
      else if (begins.value.has(start)) open = one;
    }
  }
  const newest = files.at(-1);
  const agoMs = busy.reduce<number | undefined>((least, line) => Math.min(least ?? line.agoMs, line.agoMs), undefined);
  const isBusy = agoMs !== undefined && agoMs <= quietForMs;
  const unseen = files.find((file) => file.isCut && !goesBack(file.text, nowMs - quietForMs));
  // A busy line that was seen stands, whatever is out of sight.
  if (!isBusy && unseen !== undefined)
    return fail(
      'unexpected-output',
      `${unseen.path}: its last ${unseen.text.length} bytes do not go back ${Math.round(quietForMs / 1000)} s, so nobody ` +
        'knows whether the observer was quiet; why does it write so much?',
    );
  return ok({
    file: newest?.path ?? '',
    busyLines: busy
      .filter((line) => line.agoMs <= quietForMs)
      .slice(-busyLinesMax)
      .map(({ line }) => printableLine(line, lineLengthMax)),
    lastLine: printableLine(newest?.text.trimEnd().split('\n').at(-1) ?? '', lineLengthMax),
    ...(agoMs === undefined ? {} : { busyAgoMs: agoMs }),
    writtenAgoMs: Math.max(0, Math.round(nowMs - Math.max(...files.map((file) => file.modifiedMs)))),
    openLine: open === undefined ? '' : printableLine(open.line, lineLengthMax),
    ...(open === undefined ? {} : { openAgoMs: open.agoMs }),
  });
}

/** Where the lines begin that match one of the patterns. */
function linesOf(text: string, patterns: readonly string[]): Result<Set<number>> {
  const starts = new Set<number>();
  for (const pattern of patterns) {
    const found = findMatches(pattern, text, 'm', patternMs);
    if (!found.ok) return found;
    for (const { index } of found.value) starts.add(text.lastIndexOf('\n', index - 1) + 1);
  }
  return ok(starts);
}

export const lineTime =
  /^[^\n]{0,40}?(\d{4})[-/](\d{2})[-/](\d{2})[ T](\d{2}):(\d{2}):(\d{2})(?:[.,](\d{3}))?\d*(Z|[+-]\d{2}:?\d{2})?/;

/** Whether a text begins with a line of that time or before it. */
function goesBack(text: string, toMs: number): boolean {
  const firstMs = timeOf(text, 0, 0);
  return firstMs !== undefined && firstMs <= toMs;
}

/**
 * The time of the line that begins at `start`, or of the nearest one before it, down to `floor`, that has a time; local
 * where no zone is told.
 */
export function timeOf(text: string, start: number, floor: number): number | undefined {
  for (let at = start; ; at = text.lastIndexOf('\n', at - 2) + 1) {
    const match = lineTime.exec(text.slice(at, at + 100));
    if (match) {
      const [, year, month, day, hour, minute, second, ms = '000', zone = ''] = match;
      const time = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}.${ms}${zone}`);
      if (Number.isFinite(time)) return time;
    }
    if (at <= Math.max(floor, 1)) return undefined;
  }
}

/** Whether a file's name is as a glob says, whose only special sign is `*`. In linear time, whatever the names are. */
export function matchesGlob(name: string, glob: string): boolean {
  const [first = '', ...rest] = glob.split('*');
  const last = rest.pop();
  if (last === undefined) return name === glob;
  if (!name.startsWith(first)) return false;
  // The earliest place of each part leaves the most for those after it.
  let at = first.length;
  for (const part of rest) {
    const found = name.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  return name.length - last.length >= at && name.endsWith(last);
}
