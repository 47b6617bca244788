// What one trial of the fault tests tells: its class, the seed that repeats it, and what the judge found. The classes make
// trials one after the other; whoever runs them decides how many, and in how many workers.
import type { Violation } from './judge/evidence.ts';

export interface Trial {
  faultClass: string;
  /** Repeats exactly this trial. */
  seed: string;
  violations: Violation[];
  /** Why the run came to no end and stands with nothing that may be done: a failure too. */
  stuck?: string;
}

export interface TrialOptions {
  seed: number;
  count: number;
  /** Only this plan. */
  plan?: string;
}

/** One kind of fault in the fast form. */
export interface FaultClass {
  name: string;
  trials(options: TrialOptions): AsyncGenerator<Trial>;
}
