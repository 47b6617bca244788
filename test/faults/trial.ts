// What one trial of the fault tests tells: its class, the seed that repeats it, and what the judge found. The classes name
// seeds and carry each out; whoever runs them decides how many, and in how many workers.
import type { Violation } from './judge/evidence.ts';

export interface Trial {
  faultClass: string;
  /** Repeats exactly this trial. */
  seed: string;
  violations: Violation[];
  /** The kinds of faults in it, where there are several. */
  kinds?: string[];
  /** Why the run came to no end and stands with nothing that may be done: a failure too. */
  stuck?: string;
}

export interface TrialOptions {
  seed: number;
  count: number;
  /** Only this plan. */
  plan?: string;
  /** Of boundaries only those whose name begins with this. */
  at?: string;
  /** All boundaries, not only those of the way on which nothing fails, and one of each reading. */
  every?: boolean;
}

/** More than there can be: all of a class that has an end. */
export const all = Number.MAX_SAFE_INTEGER;

/** One kind of fault in the fast form. */
export interface FaultClass {
  name: string;
  /** What to try: the same options, the same seeds. */
  seeds(options: TrialOptions): Promise<string[]>;
  /** One trial, the same for the same seed wherever it runs. */
  trial(seed: string): Promise<Trial>;
}
