// What the trials came to, as people and programs read it: a line for each fault class, and what broke with its seed and
// the line that repeats it. Pure.
import type { Violation } from './judge/evidence.ts';
import type { Trial } from './trial.ts';

export interface Broken {
  faultClass: string;
  seed: string;
  /** Empty where the run only came to no end. */
  invariants: Violation['invariant'][];
  message: string;
  repeat: string;
}

export interface Summary {
  schema: 1;
  seed: number;
  classes: { faultClass: string; tried: number; survived: number }[];
  /** Of schedules, which have several: by kind of fault. */
  kinds: { kind: string; tried: number; survived: number }[];
  broken: Broken[];
  elapsedMs: number;
}

export const isSurvived = ({ violations, stuck }: Trial): boolean => violations.length === 0 && stuck === undefined;

/** How a trial is repeated. */
export function repeatOf({ faultClass, seed }: Trial, plant?: string): string {
  const planted = plant === undefined ? '' : ` --plant ${plant}`;
  return `npm run faults -- --class '${faultClass}' --seed '${seed}'${planted}`;
}

export function brokenOf(trial: Trial, plant?: string): Broken {
  const { faultClass, seed, violations, stuck } = trial;
  const invariants = [...new Set(violations.map(({ invariant }) => invariant))].sort();
  const message = violations[0]?.message ?? stuck ?? '';
  return { faultClass, seed, invariants, message, repeat: repeatOf(trial, plant) };
}

/** Counts of what was tried and what was survived, in the order in which names came first. */
export class Tally {
  private readonly counts = new Map<string, { tried: number; survived: number }>();

  count(name: string, hasSurvived: boolean): void {
    const { tried, survived } = this.counts.get(name) ?? { tried: 0, survived: 0 };
    this.counts.set(name, { tried: tried + 1, survived: survived + (hasSurvived ? 1 : 0) });
  }

  lines(): { name: string; tried: number; survived: number }[] {
    return [...this.counts].map(([name, counts]) => ({ name, ...counts }));
  }
}

/** How many of what broke are printed in full; the count says how many there are. */
const shownMax = 20;

export function tableText({ classes, kinds, broken, elapsedMs }: Summary): string {
  const rows = [
    ...classes.map(({ faultClass, tried, survived }) => ({ name: faultClass, tried, survived })),
    ...kinds.map(({ kind, tried, survived }) => ({ name: `  of them with ${kind}`, tried, survived })),
  ];
  const width = Math.max('fault class'.length, ...rows.map(({ name }) => name.length));
  const line = (name: string, tried: string, survived: string): string =>
    `${name.padEnd(width)}  ${tried.padStart(8)}  ${survived.padStart(8)}`;
  const broke = broken.slice(0, shownMax).flatMap(({ invariants, faultClass, seed, message, repeat }) => [
    `${invariants.join(', ') || 'no end'}: ${faultClass}, seed ${seed}`,
    ...message
      .split('\n')
      .slice(0, 4)
      .map((text) => `  ${text.slice(0, 240)}`),
    `  $ ${repeat}`,
  ]);
  const total = classes.reduce((sum, { tried }) => sum + tried, 0);
  return [
    line('fault class', 'tried', 'survived'),
    ...rows.map(({ name, tried, survived }) => line(name, String(tried), String(survived))),
    '',
    ...broke,
    ...(broken.length > shownMax ? [`and ${broken.length - shownMax} more`] : []),
    `${total} tried, ${broken.length} broken, ${Math.round(elapsedMs / 1_000)} s`,
  ].join('\n');
}
