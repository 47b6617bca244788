// Tells of a run: each event as it is journaled, and after a takeover those of the last day once more, since whoever led
// before may have died before it could. The outbox knows which are told already.
import type { Clock } from '../../shared/clock.ts';
import type { Log } from '../../shared/log.ts';
import { hours } from '../../shared/units.ts';
import type { Artefacts } from '../journal/artefacts.ts';
import type { RunFact } from '../journal/event.ts';
import type { Journal } from '../journal/journal.ts';
import type { Plan } from '../plans/plan.ts';
import { loadPlan } from '../runs/opening.ts';
import { apply } from '../sequencer/apply.ts';
import { initialState, type RunState } from '../sequencer/state.ts';
import type { Notifier } from './notice.ts';
import { noticeOf, noticeOfUnbegun } from './run-notices.ts';

const againWithinMs = hours(24);

export interface RunTeller {
  /** Of an event that was journaled just now; `state` is the one after it. */
  ofEvent(plan: Plan, fact: RunFact, state: RunState): void;
  /** Of what its journal holds. */
  ofPast(run: string): Promise<void>;
  /** Of a run that goes no further by itself. */
  ofTrouble(cluster: string, run: string, why: string): void;
}

export function createRunTeller(parts: {
  notifier?: Notifier | undefined;
  journal: Journal;
  artefacts: Artefacts;
  clock: Clock;
  log: Log;
}): RunTeller {
  const { notifier, journal, artefacts, clock, log } = parts;
  const tell = (plan: Plan, fact: RunFact, state: RunState): void => {
    try {
      const notice = noticeOf(plan, state, fact);
      if (notice !== undefined) notifier?.tell(notice);
    } catch (error) {
      // Of the words only: nothing of a run depends on them.
      log.error('a bug kept an event from being told', { run: state.run, error: String(error) });
    }
  };
  return {
    ofEvent: tell,
    async ofPast(run) {
      if (notifier === undefined) return;
      const read = await journal.read(run);
      if (!read.ok) return void log.warn('what happened in a run is not told', { run, reason: read.failure.message });
      let state = initialState(run);
      let plan: Plan | undefined;
      for (const { event } of read.value) {
        state = apply(state, event);
        const isLately = clock.nowMs() - event.atMs < againWithinMs;
        if (state.started?.planArtefact === '') {
          const unbegun = isLately ? noticeOfUnbegun(state, event.fact) : undefined;
          if (unbegun !== undefined) notifier.tell(unbegun);
          continue;
        }
        if (plan === undefined) {
          const compiled = await loadPlan(artefacts, state);
          if (!compiled.ok) return;
          plan = compiled.value.plan;
        }
        if (isLately) tell(plan, event.fact, state);
      }
    },
    ofTrouble(cluster, run, why) {
      const subject = `${cluster}: run ${run} goes no further`;
      const text = `${why}\nIt keeps its cluster. See: baton run show ${run}`;
      notifier?.tell({ kind: 'alarm', cluster, run, subject, text, id: `${run} goes no further` });
    },
  };
}
