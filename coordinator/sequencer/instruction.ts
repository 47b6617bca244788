// What `decide` may ask of the runner: one thing at a time, each safe to do again.
import type { Key } from '../../shared/key.ts';
import type { CheckRef } from '../checks/check.ts';
import type { RunFact } from '../journal/event.ts';
import type { Expected } from '../plans/expected.ts';
import type { Binding, Plan } from '../plans/plan.ts';
import type { Limits } from './limits.ts';
import type { Seen } from './seen.ts';
import type { AttemptState, ReadOf, RunState } from './state.ts';

export type Instruction =
  /** Journal a fact. */
  | { kind: 'append'; fact: RunFact }
  /** Evaluate checks and tell what they found. `base`: the event that the reading must be newer than. */
  | { kind: 'read'; item: string; of: ReadOf; checks: CheckRef[]; base: number }
  /** Look at the nodes' presence, before this item. */
  | { kind: 'look'; item: string; base: number }
  | { kind: 'bind'; item: string; bindings: Binding[]; base: number }
  | { kind: 'send'; key: Key; attempt: AttemptState }
  | { kind: 'ask'; key: Key; node: string }
  | { kind: 'settle'; key: Key; node: string }
  /** Read whether failover is armed, for the run's last word. */
  | { kind: 'read-failover' }
  /** Journal what the meter has observed. */
  | { kind: 'meter' }
  /** Nothing to do until something is noticed or the monotonic time is reached. */
  | { kind: 'wait'; untilMs?: number }
  | { kind: 'finished' };

/** Everything that a decision is made from. */
export interface Situation {
  /** With the run's id filled in. */
  plan: Plan;
  state: RunState;
  seen: Seen;
  /** Monotonic. */
  nowMs: number;
  limits: Limits;
  /** By the clock on the wall, for the maintenance window; undefined where none is looked at. */
  wallMs?: number;
  /** How long this site's own runs have taken. */
  expected?: Expected | undefined;
}
