// Figures with a limit of their own, in ms, and how they are told. Measures nothing by itself.
import { median, seconds } from './beside.ts';

export interface Limited {
  what: string;
  tookMs: number[];
  /** What the median may be; absent where no limit is promised. */
  limitMs?: number;
}

export const isBeyond = ({ tookMs, limitMs }: Limited): boolean =>
  limitMs !== undefined && !(median(tookMs) <= limitMs);

/** A line for each: rounds, median, limit. */
export function describeLimited(figures: Limited[]): string {
  const width = Math.max(24, ...figures.map(({ what }) => what.length + 2));
  return figures
    .map((one) => {
      const { what, tookMs, limitMs } = one;
      const shown = tookMs.length > 5 ? '' : tookMs.map((ms) => text(ms).padStart(9)).join('');
      const limit = limitMs === undefined ? '' : `, limit ${text(limitMs)}${isBeyond(one) ? ': over it' : ''}`;
      return `${what.padEnd(width)}${shown}   median ${text(median(tookMs))} of ${tookMs.length}${limit}`;
    })
    .join('\n');
}

const text = (ms: number): string => (Math.abs(ms) < 100 ? `${ms.toFixed(1)} ms` : `${seconds(ms)} s`);
