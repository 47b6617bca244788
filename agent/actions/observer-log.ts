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

const tailBytes = 64 * 1024;
const filesRead = 2;
const busyLinesMax = 20;
const lineLengthMax = 300;

export interface LogFile {
  path: string;
  text: string;
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
      files.push({ path, text: await readEnd(opened.value, tailBytes), modifiedMs: mtimeMs });
    } finally {
      await opened.value.close();
    }
  }
  const read = judgeLogs(files, action.busyPatterns, action.quietForMs, context.clock.nowMs());
  return read.ok ? ok({ kind: 'readObserverLog', ...read.value }) : read;
};

/** What the ends of logs (oldest first) tell. A line without a time of its own has that of the line before it. */
export function judgeLogs(
  files: readonly LogFile[],
  busyPatterns: readonly string[],
  quietForMs: number,
  nowMs: number,
): Result<Omit<AnswerOf<'readObserverLog'>, 'kind'>> {
  const busy: { line: string; agoMs: number }[] = [];
  for (const file of files) {
    const starts = new Set<number>();
    for (const pattern of busyPatterns) {
      const found = findMatches(pattern, file.text, 'm');
      if (!found.ok) return found;
      for (const { index } of found.value) starts.add(file.text.lastIndexOf('\n', index - 1) + 1);
    }
    for (const start of [...starts].sort((a, b) => a - b)) {
      const end = file.text.indexOf('\n', start);
      const line = file.text.slice(start, end === -1 ? undefined : end);
      if (line.trim() === '') continue;
      const writtenMs = timeOf(file.text, start) ?? file.modifiedMs;
      busy.push({ line: printableLine(line, lineLengthMax), agoMs: Math.max(0, Math.round(nowMs - writtenMs)) });
    }
  }
  const newest = files.at(-1);
  const agoMs = busy.length === 0 ? undefined : Math.min(...busy.map(({ agoMs }) => agoMs));
  return ok({
    file: newest?.path ?? '',
    busyLines: busy
      .filter((line) => line.agoMs <= quietForMs)
      .slice(-busyLinesMax)
      .map(({ line }) => line),
    lastLine: printableLine(newest?.text.trimEnd().split('\n').at(-1) ?? '', lineLengthMax),
    ...(agoMs === undefined ? {} : { busyAgoMs: agoMs }),
    writtenAgoMs: Math.max(0, Math.round(nowMs - Math.max(...files.map((file) => file.modifiedMs)))),
  });
}

const lineTime =
  /^[^\n]{0,40}?(\d{4})[-/](\d{2})[-/](\d{2})[ T](\d{2}):(\d{2}):(\d{2})(?:[.,](\d{3}))?\d*(Z|[+-]\d{2}:?\d{2})?/;

/** The time of the line that begins at `start`, or of the nearest one before it that has a time; local where no zone is told. */
function timeOf(text: string, start: number): number | undefined {
  for (let at = start; ; at = text.lastIndexOf('\n', at - 2) + 1) {
    const match = lineTime.exec(text.slice(at, at + 100));
    if (match) {
      const [, year, month, day, hour, minute, second, ms = '000', zone = ''] = match;
      const time = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}.${ms}${zone}`);
      if (Number.isFinite(time)) return time;
    }
    if (at <= 1) return undefined;
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
