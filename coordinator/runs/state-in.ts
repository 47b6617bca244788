// The state of a run as its stored events tell it. Reads nothing itself.
import type { StoredEvent } from '../journal/chain.ts';
import { fold } from '../sequencer/apply.ts';
import type { RunState } from '../sequencer/state.ts';

export const stateIn = (run: string, stored: readonly StoredEvent[]): RunState =>
  fold(
    run,
    stored.map(({ event }) => event),
  );
