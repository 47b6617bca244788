// Carries out one run: fold, decide, perform, one thing at a time, the only writer of its journal. It decides nothing by
// itself; what it learns goes into `seen`, what matters goes into the journal first.
import type { Clock } from '../../shared/clock.ts';
import { type Failure, fail, ok, type Result } from '../../shared/failures.ts';
import type { Key } from '../../shared/key.ts';
import type { Log } from '../../shared/log.ts';
import type { Outcome } from '../../shared/outcome.ts';
import { createLineLimit } from '../audit/line-limit.ts';
import type { NodePresence } from '../checks/check.ts';
import type { Fleet, Head } from '../fleet/fleet.ts';
import { headOf, type StoredEvent } from '../journal/chain.ts';
import type { Decision, RunFact, Successor } from '../journal/event.ts';
import type { Journal } from '../journal/journal.ts';
import { eventOf } from '../journal/next-event.ts';
import type { Expected } from '../plans/expected.ts';
import type { Plan } from '../plans/plan.ts';
import { apply, fold } from '../sequencer/apply.ts';
import { isSame } from '../sequencer/attempt.ts';
import { decide } from '../sequencer/decide.ts';
import { whyIllegal } from '../sequencer/legal.ts';
import { defaultLimits, type Limits } from '../sequencer/limits.ts';
import { otherLedgers } from '../sequencer/put-back.ts';
import { redoneBy } from '../sequencer/redo.ts';
import { whyOutdated } from '../sequencer/roll-back-offer.ts';
import { whyNotBy } from '../sequencer/second-person.ts';
import { nothingSeen, notice, type Observation, type Seen } from '../sequencer/seen.ts';
import { earlierIn, initialState, itemState, type RunState } from '../sequencer/state.ts';
import { sleepUntil, wakeUp } from './bell.ts';
import { fitFact } from './fit-fact.ts';
import { type Performing, perform } from './perform.ts';
import type { RunMeter } from './run-meter.ts';

export interface RunnerParts extends Pick<Performing, 'lastProbe'> {
  run: string;
  /** With the run's id filled in. */
  plan: Plan;
  /** Name of this coordinator, and its leadership's number. */
  coordinator: string;
  epoch: number;
  journal: Journal;
  fleet: Fleet;
  meter: RunMeter;
  clock: Clock;
  log: Log;
  limits?: Limits;
  /** How long this site's own runs of the plan have taken. */
  expected?: Expected | undefined;
  /** What keeps the run from going on by itself, told again and again while it does; undefined once it is over. */
  onTrouble?(trouble: Failure | undefined): void;
  /** Called with each event that this runner has journaled. */
  onEvent?(fact: RunFact, state: RunState): void;
  /** Resolves when the nodes' agents are back after a takeover, or have stayed away for too long. */
  agentsBack?(nodes: string[], signal: AbortSignal): Promise<void>;
}

/** Why a runner is no longer at work. */
export type RunnerEnd =
  | { is: 'ended'; state: RunState }
  | { is: 'stopped' }
  | { is: 'deposed'; epoch: number }
  | { is: 'failed'; failure: Failure };

export interface OperatorWord {
  decision: Decision;
  operator: string;
  reason: string;
  /** Saying it twice is saying it once. */
  requestId: string;
  /** Of a `rollback`. */
  successor?: Successor;
}

export interface Runner {
  done: Promise<RunnerEnd>;
  state(): RunState;
  /** Why the journal takes nothing just now. No halt can say so: it would have to be journaled. */
  trouble(): Failure | undefined;
  /** Journals an operator's decision, if it is legal now. */
  say(word: OperatorWord): Promise<Result<void>>;
  /** An agent has told an outcome, perhaps again. */
  hear(node: string, key: Key, outcome: Outcome): void;
  /** A node's stream was opened, refused or lost: whatever waits looks again. */
  look(presence: NodePresence): void;
  /** Ends the work on the run, not the run. */
  stop(): Promise<void>;
}

const retryMs = 1_000;

/** Starts to work on a run whose journal has its start; `isTakeover`: somebody else, or an earlier process, had it before. */
export function startRunner(parts: RunnerParts, isTakeover: boolean): Runner {
  const { run, plan, epoch, journal, fleet, clock, log, expected } = parts;
  const strange = createLineLimit(clock, { perMinuteMax: 10, allPerMinuteMax: 100 });
  const limits = parts.limits ?? defaultLimits;
  const stopping = new AbortController();
  let state = initialState(run);
  let head: Head = headOf([]);
  let seen: Seen = nothingSeen;
  let awake = wakeUp();
  let end: RunnerEnd | undefined;
  let writing: Promise<unknown> = Promise.resolve();
  let trouble: Failure | undefined;

  const observe = (observation: Observation): void => {
    seen = notice(seen, observation);
    awake.ring();
  };

  const lookAtNodes = async (): Promise<void> => observe({ type: 'nodes', presence: await fleet.presence() });

  const troubled = (failure: Failure | undefined): void => {
    if (failure === undefined && trouble === undefined) return;
    trouble = failure && {
      ...failure,
      message: `the journal takes nothing: ${failure.message}. Nothing is started meanwhile; the run goes on by itself once it does`,
    };
    parts.onTrouble?.(trouble);
  };

  const load = async (): Promise<void> => {
    while (!stopping.signal.aborted && end === undefined) {
      const read = await journal.read(run);
      if (read.ok) {
        head = headOf(read.value);
        const events = read.value.map(({ event }) => event);
        state = fold(run, events);
        if (state.epoch > epoch) end = { is: 'deposed', epoch: state.epoch };
        return;
      }
      if (read.failure.code === 'damaged') {
        end = { is: 'failed', failure: read.failure };
        return;
      }
      log.warn('the journal does not answer', { run, reason: read.failure.message });
      troubled(read.failure);
      await clock.sleep(retryMs, stopping.signal);
    }
  };

  /** An agent has told anew which heads it holds: a journal that lacks one ends the work at once. */
  const compare = async (): Promise<void> => {
    const read = await journal.read(run);
    if (read.ok || read.failure.code !== 'damaged') return;
    end ??= { is: 'failed', failure: read.failure };
    awake.ring();
  };

  const taken = ({ event, hash }: StoredEvent): void => {
    state = apply(state, event);
    head = { sequence: event.sequence, hash };
    observe({ type: 'appended', run, fact: event.fact, atMs: clock.monotonicMs() });
    parts.onEvent?.(event.fact, state);
    if (event.fact.type === 'OutcomeRecorded') {
      const { item, phase, attempt } = event.fact;
      const node = itemState(state, item).attempts.find((one) => one.phase === phase && one.attempt === attempt)?.node;
      if (node !== undefined) void fleet.confirm(node, { run, step: item, phase, attempt });
    }
  };

  /** Appends if nothing was appended since `decidedAt`; false means: fold again, decide again. */
  const append = (fact: RunFact, decidedAt: number): Promise<boolean> => {
    const write = writing.then(async () => {
      if (end !== undefined || state.sequence !== decidedAt) return false;
      const next = { run, head, epoch, atMs: clock.nowMs(), fact: fitFact(fact) };
      // A fact that cannot follow is a bug; it must not become part of the journal.
      apply(state, eventOf(next));
      const appended = await journal.append(next);
      if (appended.status !== 'failed') troubled(undefined);
      switch (appended.status) {
        case 'appended':
          taken(appended.stored);
          return true;
        case 'deposed':
          end = { is: 'deposed', epoch: appended.epoch };
          return false;
        case 'failed':
          log.warn('an event could not be journaled', { run, reason: appended.failure.message });
          troubled(appended.failure);
          await clock.sleep(retryMs, stopping.signal);
          await load();
          return false;
        case 'behind':
          await load();
          return false;
      }
    });
    writing = write.catch(() => undefined);
    return write;
  };

  const work = async (): Promise<RunnerEnd> => {
    await lookAtNodes();
    await load();
    if (end === undefined && isTakeover && state.ended === undefined) {
      while (!(await append({ type: 'LeaderChanged', coordinator: parts.coordinator }, state.sequence)))
        if (end !== undefined || stopping.signal.aborted) break;
      // An agent that is on its way back is no agent that is lost.
      const nodes = plan.cluster.nodes.map(({ name }) => name);
      if (end === undefined) await parts.agentsBack?.(nodes, stopping.signal);
    }
    while (end === undefined && !stopping.signal.aborted) {
      awake = wakeUp();
      const decidedAt = state.sequence;
      const instruction = decide({
        plan,
        state,
        seen,
        nowMs: clock.monotonicMs(),
        limits,
        wallMs: clock.nowMs(),
        expected,
      });
      switch (instruction.kind) {
        case 'finished':
          return { is: 'ended', state };
        case 'append':
          await append(instruction.fact, decidedAt);
          break;
        case 'meter':
          await append(await parts.meter.sum(), decidedAt);
          break;
        case 'wait':
          await sleepUntil(clock, instruction.untilMs, awake, stopping.signal);
          break;
        default:
          observe(await perform({ ...parts, head, sequence: decidedAt, earlier: earlierIn(state) }, instruction));
      }
    }
    return end ?? { is: 'stopped' };
  };

  const done = work().catch((error: unknown): RunnerEnd => {
    log.error('a bug ended the work on a run', { run, error: error instanceof Error ? error.stack : String(error) });
    return { is: 'failed', failure: { code: 'internal', message: String(error), retryable: false, evidence: '' } };
  });

  return {
    done,
    state: () => state,
    trouble: () => trouble,
    async say(word) {
      for (let attempt = 0; attempt < 100; attempt += 1) {
        if (end !== undefined || stopping.signal.aborted)
          return fail('unreachable', `nobody works on run ${run} here now`, { retryable: true });
        if (state.requestIds.includes(word.requestId)) return ok(undefined);
        if (state.started === undefined) await clock.sleep(10);
        else {
          await lookAtNodes();
          const illegal = whyIllegal(plan, state, word.decision, seen.nodes) ?? whyOutdated(state, word.successor);
          if (illegal !== undefined) return fail('not-in-state', illegal);
          const barred = whyNotBy(plan, state, word.decision, word.operator);
          if (barred !== undefined) return fail('unauthorized', barred);
          const item = state.halt?.item ?? '';
          const redo = word.decision === 'retry' ? redoneBy(plan, state, item) : [];
          const more = { ...(redo.length === 0 ? {} : { redo }), ...otherLedgers(plan, state, seen.nodes) };
          const fact: RunFact = { type: 'OperatorDecided', ...word, item, ...more };
          if (await append(fact, state.sequence)) return ok(undefined);
          if (trouble?.code === 'no-space') return { ok: false, failure: trouble };
        }
      }
      return fail('unreachable', `run ${run}: the journal did not take the decision; say it again`, {
        retryable: true,
      });
    },
    hear(node, key, outcome) {
      const attempts = itemState(state, key.step).attempts;
      const attempt = attempts.find((one) => one.phase === key.phase && one.attempt === key.attempt);
      // What comes before the journal is read comes again. A node speaks for its own attempts only.
      if (attempt === undefined) return;
      if (attempt.node !== node) {
        if (!strange(node).isOver)
          log.warn('an outcome was left aside: the attempt is another node’s', { run, node, item: key.step });
        return;
      }
      // Journaled already; the confirmation was lost.
      if (isSame(attempt.outcome, outcome) || isSame(attempt.lateOutcome, outcome)) void fleet.confirm(node, key);
      else observe({ type: 'outcome', key, outcome, atMs: clock.monotonicMs() });
    },
    look(presence) {
      observe({ type: 'nodes', presence: [presence] });
      if (presence.connected || presence.refusal !== undefined) void compare();
    },
    async stop() {
      stopping.abort();
      awake.ring();
      await done;
    },
  };
}
