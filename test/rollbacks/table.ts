// What the rollbacks came to, as people and programs read it. Pure.
import type { WentBack } from './go-back.ts';

export type Line = WentBack | { failing: WentBack['failing']; broken: string };

export const isSame = (line: Line): boolean => 'differences' in line && line.differences.length === 0;

/** At most so many lines about one rollback; the rest is counted. */
const toldMax = 20;

const inSeconds = (ms: number | undefined): string => (ms === undefined ? '–' : `${(ms / 1_000).toFixed(1)} s`);

export function rowOf(line: Line): string[] {
  const { step, how: failed, database } = line.failing;
  const how = database === undefined ? failed : `${failed} (${database.mode}, ${database.standby})`;
  if (!('differences' in line)) return [step, how, '–', '–', 'came to no end'];
  const { rollbackMs, portalDownMs, differences, kills, retries } = line;
  const killed = kills === 0 ? '' : ` (${kills} kills, ${retries} times retried)`;
  return [
    step,
    how + killed,
    inSeconds(rollbackMs),
    inSeconds(portalDownMs),
    differences.length === 0 ? 'none' : String(differences.length),
  ];
}

const head = ['step', 'how it failed', 'rollback', 'portal down', 'differences'];

export function tableText(lines: Line[], elapsedMs: number): string {
  const rows = [head, ...lines.map(rowOf)];
  const widths = head.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const different = lines.filter((line) => !isSame(line));
  return [
    ...rows.map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    ),
    ...different.flatMap((line) => ['', `${line.failing.step}, ${line.failing.how}:`, ...toldOf(line)]),
    '',
    `${lines.length} rollbacks, ${different.length} left something different, ${Math.round(elapsedMs / 1_000)} s`,
  ].join('\n');
}

/** What a whole row has taken, and which part of it. */
export function spentText(line: Line, tookMs: number, afreshMs: number): string {
  const parts: [string, number][] = [
    ['afresh', afreshMs],
    ...('differences' in line
      ? ([
          ['run', line.runMs],
          ['rollback', line.rollbackMs],
          ['comparing and finalize', line.comparingMs],
        ] as [string, number][])
      : []),
  ];
  const told = parts.filter(([, ms]) => ms > 0).map(([part, ms]) => `${part} ${inSeconds(ms)}`);
  return `${inSeconds(tookMs)}${told.length === 0 ? '' : `: ${told.join(', ')}`}`;
}

/** What is to be said of one that left something different, or came to no end. */
export function toldOf(line: Line): string[] {
  if (!('differences' in line)) return line.broken.split('\n').map((text) => `  ${text}`);
  const more = line.differences.length - toldMax;
  return [
    ...line.differences.slice(0, toldMax).map((text) => `  ${text}`),
    ...(more > 0 ? [`  and ${more} more`] : []),
  ];
}
