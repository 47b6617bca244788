// What the runner and the operator's service may ask of the journal. Its implementations: JetStream here, memory in tests.
import type { Failure, Result } from '../../shared/failures.ts';
import type { Head } from '../fleet/fleet.ts';
import type { Damage, StoredEvent } from './chain.ts';
import type { RunFact } from './event.ts';

/**
 * `appended`: acknowledged, durable. `behind`: someone else of this epoch or an older one wrote first; read and fold
 * again. `deposed`: a newer leader has written; stop. `failed`: the bus gave no answer; read again before anything else.
 */
export type Appended =
  | { status: 'appended'; stored: StoredEvent }
  | { status: 'behind' }
  | { status: 'deposed'; epoch: number }
  | { status: 'failed'; failure: Failure };

export interface Append {
  run: string;
  /** Of the events that the decision was made from. */
  head: Head;
  epoch: number;
  atMs: number;
  fact: RunFact;
}

export interface Salvaged {
  events: StoredEvent[];
  damage?: Damage;
}

export interface Journal {
  /** Ids of all runs that have a journal. */
  runs(): Promise<Result<string[]>>;
  /**
   * The whole verified journal, empty when there is none. Fails with `damaged`, naming the event. `knownHeads`: what others
   * were told of as journaled, such as agents; a journal that does not reach them has lost its tail.
   */
  read(run: string, knownHeads?: Head[]): Promise<Result<StoredEvent[]>>;
  /** What is whole of a journal, up to its first damage where there is one: evidence, nothing goes on from it. */
  salvage(run: string): Promise<Result<Salvaged>>;
  /** Writes one event behind `head`, durable when it says `appended`. */
  append(append: Append): Promise<Appended>;
  /** Tells each event after `afterSequence`, in order, also those that come. Gives how to stop. */
  follow(run: string, afterSequence: number, listener: (stored: StoredEvent) => void): Promise<Result<() => void>>;
}
