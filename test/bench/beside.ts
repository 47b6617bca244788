// Two ways of doing the same, measured in turns so that what else the machine does weighs on both alike; their medians and
// how they compare. Measures nothing by itself.

export interface Way {
  name: string;
  /** Does it once, whole, and answers how long it took, in ms. */
  take(round: number): Promise<number>;
}

export interface Figures {
  what: string;
  ways: { name: string; tookMs: number[] }[];
  /** The first way's median beside the second one's. */
  ratio: number;
  /** Absent where no limit is promised. */
  ratioMax?: number;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}

/** Each way `rounds` times, alternating; which of them begins alternates too. */
export async function measureBeside(
  what: string,
  ways: readonly [Way, Way],
  rounds: number,
  ratioMax: number,
): Promise<Figures> {
  const measured = ways.map((way) => ({ name: way.name, way, tookMs: [] as number[] }));
  for (let round = 1; round <= rounds; round += 1) {
    for (const { name, way, tookMs } of round % 2 === 1 ? measured : measured.toReversed()) {
      const ms = await way.take(round);
      tookMs.push(ms);
      process.stderr.write(`${what}, round ${round}, ${name}: ${seconds(ms)} s\n`);
    }
  }
  const [own, raw] = measured.map(({ tookMs }) => median(tookMs));
  return {
    ...{ what, ratioMax, ratio: (own ?? Number.NaN) / (raw ?? Number.NaN) },
    ways: measured.map(({ name, tookMs }) => ({ name, tookMs })),
  };
}

export const isOver = ({ ratio, ratioMax }: Figures): boolean => ratioMax !== undefined && !(ratio <= ratioMax);

/** For people: one line for each way, and how they compare. */
export function describeFigures(figures: Figures): string {
  const { what, ways, ratio, ratioMax } = figures;
  const cells = (values: string[]) => values.map((value) => value.padStart(9)).join('');
  const rounds = ways[0]?.tookMs.map((_, index) => `round ${index + 1}`) ?? [];
  const lines = ways.map(({ name, tookMs }) => name.padEnd(24) + cells([...tookMs, median(tookMs)].map(seconds)));
  return [
    `${what}, s`.padEnd(24) + cells([...rounds, 'median']),
    ...lines,
    `ratio ${ratio.toFixed(2)}${ratioMax === undefined ? '' : `, limit ${ratioMax}`}${isOver(figures) ? ': over it' : ''}`,
  ].join('\n');
}

export const seconds = (ms: number): string => (ms / 1000).toFixed(2);
