// readErrors: how many lines of logs and journals tell of errors, in a window of time, across midnight and rotation.
import { type FileHandle, readdir, stat } from 'node:fs/promises';
import { posix } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { ActionOf, AnswerOf } from '../../shared/actions/action.ts';
import { journalLinesMax, journalWords } from '../../shared/actions/error-commands.ts';
import { ok, type Result } from '../../shared/failures.ts';
import { openConfined, readEnd } from '../platform/confined-path.ts';
import { findMatches } from '../platform/pattern.ts';
import { printableLine } from '../platform/printable.ts';
import { failureOfProgram } from '../platform/run-program.ts';
import { errorCode, failureOfSystemCall } from '../platform/system-error.ts';
import { type ActionContext, commandsHere, execute, type Run, record } from './context.ts';
import { lineTime, matchesGlob, timeOf } from './observer-log.ts';
import { readUnitStates } from './units.ts';

const tailBytes = 8 * 1024 * 1024;
const packedBytesMax = 16 * 1024 * 1024;
const unpackedBytesMax = 64 * 1024 * 1024;
const filesMax = 5;
const patternMs = 1000;
const windowMsMin = 60_000;

type Source = AnswerOf<'readErrors'>['sources'][number];
type Counted = Omit<Source, 'source'>;

export const readErrors: Run<'readErrors'> = async (action, context) => {
  for (const command of commandsHere(action, context)) if (command.by === 'agent') record(context, command);
  const nowMs = context.clock.nowMs();
  const windowMs = await windowOf(action, nowMs, context);
  if (!windowMs.ok) return windowMs;
  const sinceMs = nowMs - windowMs.value;
  const taken = await Promise.all([
    action.errorLogs.length === 0
      ? undefined
      : countIn(
          'logs',
          action.errorLogs.map((log) => `${log}*`),
          undefined,
          sinceMs,
          context,
        ),
    action.mixedLogs.length === 0
      ? undefined
      : countIn('mixed_logs', action.mixedLogs, action.pattern, sinceMs, context),
    action.units.length === 0 ? undefined : countInJournals(action, windowMs.value, context),
  ]);
  const sources: Source[] = [];
  for (const one of taken) {
    if (one === undefined) continue;
    if (!one.ok) return one;
    sources.push(one.value);
  }
  return ok({ kind: 'readErrors', windowMs: windowMs.value, sources });
};

async function windowOf(
  { windowMs, sinceUnit }: ActionOf<'readErrors'>,
  nowMs: number,
  context: ActionContext,
): Promise<Result<number>> {
  if (sinceUnit === undefined) return ok(Math.max(windowMsMin, windowMs));
  const states = await readUnitStates(context, [sinceUnit]);
  if (!states.ok) return states;
  const sinceMs = states.value[0]?.sinceMs ?? 0;
  return ok(Math.max(windowMsMin, Math.min(windowMs, sinceMs === 0 ? windowMs : nowMs - sinceMs)));
}

/** Lines of the files that globs name, written since then; without a pattern each entry counts. */
async function countIn(
  source: string,
  globs: string[],
  pattern: string | undefined,
  sinceMs: number,
  context: ActionContext,
): Promise<Result<Source>> {
  const total: Source = { source, count: 0, lastLine: '', isCut: false };
  for (const glob of globs) {
    const files = await filesOf(glob, sinceMs);
    if (!files.ok) return files;
    // A folder that is not there has no errors, or is not where they are written.
    total.isCut ||= files.value === undefined;
    for (const path of files.value ?? []) {
      const opened = await openConfined(path, context.policy.paths);
      // Rotated away just now, or a link that leads nowhere.
      if (!opened.ok && opened.failure.code === 'not-found') continue;
      if (!opened.ok) return opened;
      try {
        const end = path.endsWith('.gz') ? await unpack(opened.value) : await readEnd(opened.value, tailBytes);
        const counted = countLines(end, pattern, sinceMs);
        if (!counted.ok) return counted;
        total.count += counted.value.count;
        total.isCut ||= counted.value.isCut;
        if (counted.value.lastLine !== '') total.lastLine = counted.value.lastLine;
      } finally {
        await opened.value.close();
      }
    }
  }
  return ok(total);
}

/** Those that were written since then, oldest first, undefined without a folder: a log that was rotated lies beside its successor, under a longer name. */
async function filesOf(glob: string, sinceMs: number): Promise<Result<string[] | undefined>> {
  const folder = posix.dirname(glob);
  try {
    const found: { path: string; writtenMs: number }[] = [];
    for (const name of await readdir(folder)) {
      if (!matchesGlob(name, posix.basename(glob))) continue;
      const path = posix.join(folder, name);
      const writtenMs = await writtenAt(path);
      if (writtenMs >= sinceMs) found.push({ path, writtenMs });
    }
    return ok(
      found
        .sort((a, b) => a.writtenMs - b.writtenMs)
        .slice(-filesMax)
        .map(({ path }) => path),
    );
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return ok(undefined);
    return { ok: false, failure: failureOfSystemCall(error, folder) };
  }
}

/** One that was removed since the folder was read says nothing of the others. */
async function writtenAt(path: string): Promise<number> {
  try {
    return (await stat(path)).mtimeMs;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return 0;
    throw error;
  }
}

/** Whoever writes logs must not fill the agent's memory by a file that is named like a packed one. */
export async function unpack(
  handle: Pick<FileHandle, 'stat' | 'readFile'>,
  packedMax = packedBytesMax,
): Promise<{ text: string; isCut: boolean }> {
  try {
    const found = await handle.stat();
    if (!found.isFile() || found.size > packedMax) return { text: '', isCut: true };
    const whole = gunzipSync(await handle.readFile(), { maxOutputLength: unpackedBytesMax });
    const text = whole.subarray(-tailBytes).toString('utf8');
    if (whole.length <= tailBytes) return { text, isCut: false };
    return { text: text.slice(text.indexOf('\n') + 1), isCut: true };
  } catch {
    return { text: '', isCut: true };
  }
}

/** What of a text's end was written since then. A line without a time belongs to the entry before it. */
export function countLines(
  { text, isCut }: { text: string; isCut: boolean },
  pattern: string | undefined,
  sinceMs: number,
): Result<Counted> {
  const starts = entryStarts(text, pattern);
  if (!starts.ok) return starts;
  let [count, lastStart, floor] = [0, -1, 0];
  let timeMs: number | undefined;
  for (const start of starts.value) {
    timeMs = timeOf(text, start, floor) ?? timeMs;
    floor = start;
    // What has no time was written into a file that has been written since then.
    if (timeMs !== undefined && timeMs < sinceMs) continue;
    count += 1;
    lastStart = start;
  }
  const lastLine = lastStart === -1 ? '' : printableLine(text.slice(lastStart, lastStart + 1000).split('\n')[0] ?? '');
  const first = timeOf(text, 0, 0);
  return ok({ count, lastLine, isCut: isCut && (first === undefined || first > sinceMs) });
}

function entryStarts(text: string, pattern: string | undefined): Result<number[]> {
  if (pattern === undefined) {
    const all = writtenLines(text);
    const dated = all.filter((start) => lineTime.test(text.slice(start, start + 100)));
    return ok(dated.length > 0 ? dated : all);
  }
  const found = findMatches(pattern, text, 'm', patternMs);
  if (!found.ok) return found;
  return ok([...new Set(found.value.map(({ index }) => (index === 0 ? 0 : text.lastIndexOf('\n', index - 1) + 1)))]);
}

/** Where lines begin that are not empty. No pattern's work: a log full of stack traces has more lines than its time is enough for. */
function writtenLines(text: string): number[] {
  const starts: number[] = [];
  for (let start = 0; start < text.length; ) {
    const end = text.indexOf('\n', start);
    const next = end === -1 ? text.length : end + 1;
    if (/\S/.test(text.slice(start, next))) starts.push(start);
    start = next;
  }
  return starts;
}

async function countInJournals(
  { units, pattern }: ActionOf<'readErrors'>,
  windowMs: number,
  context: ActionContext,
): Promise<Result<Source>> {
  const messages: string[] = [];
  let [count, lines, lastLine] = [0, 0, ''];
  const take = (line: string): void => {
    if (line === '') return;
    lines += 1;
    const { text, isError } = journalEntry(line);
    if (!isError) messages.push(text);
    else {
      count += 1;
      lastLine = text;
    }
  };
  const decoder = new TextDecoder();
  let rest = '';
  const ran = await execute(
    context,
    { by: 'program', argv: journalWords(units, Math.round(windowMs / 1000)) },
    {
      onOutput: (chunk) => {
        const parts = (rest + decoder.decode(chunk, { stream: true })).split('\n');
        rest = parts.pop() ?? '';
        parts.forEach(take);
      },
    },
  );
  take(rest);
  const failed = failureOfProgram(ran, context.timeoutMs);
  if (failed !== undefined) return { ok: false, failure: failed };
  const text = messages.join('\n');
  const matching = entryStarts(text, pattern);
  if (!matching.ok) return matching;
  const last = matching.value.at(-1);
  if (lastLine === '' && last !== undefined) lastLine = text.slice(last).split('\n')[0] ?? '';
  count += matching.value.length;
  return ok({ source: 'journals', count, lastLine: printableLine(lastLine), isCut: lines >= journalLinesMax });
}

const errorPriority = 3;
const messageLengthMax = 1000;

/** A line of journalctl -o json; a message that is no UTF-8 is a list of bytes there, a huge one is null. */
function journalEntry(line: string): { text: string; isError: boolean } {
  try {
    const { MESSAGE, PRIORITY } = JSON.parse(line) as Record<string, unknown>;
    const text = Array.isArray(MESSAGE) ? Buffer.from(MESSAGE as number[]).toString('utf8') : String(MESSAGE ?? '');
    const isError = PRIORITY !== undefined && Number(PRIORITY) <= errorPriority;
    return { text: text.slice(0, messageLengthMax).replace(/\s+/g, ' '), isError };
  } catch {
    return { text: '', isError: false };
  }
}
