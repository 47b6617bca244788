// The fold: state and one event give the next state. Pure and total over every history that `decide` can make; an event
// that cannot follow is refused by throwing, so that a run never goes on from a state that nobody foresaw.
import type { RunEvent, RunFact } from '../journal/event.ts';
import { begunAfterAll, contradictionOf, isNewsOfRefused } from './contradictions.ts';
import { type ItemState, initialState, isOpen, itemState, latestAttempt, type RunState } from './state.ts';
import { move, type TransitionName } from './transitions.ts';

/** The state of a run after its events. */
export function fold(run: string, events: readonly RunEvent[]): RunState {
  return events.reduce(apply, initialState(run));
}

/** The state after one more event. */
export function apply(state: RunState, event: RunEvent): RunState {
  if (event.sequence !== state.sequence + 1)
    throw new Error(`run ${state.run}: event ${event.sequence} cannot follow ${state.sequence}`);
  if (state.ended !== undefined && event.fact.type !== 'LeaderChanged')
    throw new Error(`run ${state.run} has ended; ${event.fact.type} cannot follow`);
  const next = { ...state, sequence: event.sequence, epoch: event.epoch, lastType: event.fact.type };
  return withFact(next, event, event.fact);
}

function withFact(state: RunState, event: RunEvent, fact: RunFact): RunState {
  const { sequence, atMs } = event;
  switch (fact.type) {
    case 'RunStarted':
      return { ...state, started: fact, startedAtMs: atMs, eraSequence: sequence, operatorSequence: sequence };
    case 'LeaderChanged':
      return { ...state, eraSequence: sequence };
    case 'PortalMetered':
      return { ...state, metered: fact };
    case 'RunHalted':
      return halted(state, fact, atMs);
    case 'OperatorDecided':
      return decided(state, event, fact);
    case 'RunEnded':
      return without({ ...state, status: fact.status, ended: fact, endedAtMs: atMs }, 'halt');
    default:
      return ofItem(state, fact.item, itemAfter(itemState(state, fact.item), event, fact), event, fact);
  }
}

type ItemFact = Extract<
  RunFact,
  { type: 'ChecksRead' | 'StepStarted' | 'OutcomeRecorded' | 'AttemptSettled' | 'ItemSucceeded' | 'ItemUndone' }
>;

/** What else an item's fact means for the run. */
function ofItem(state: RunState, id: string, item: ItemState, event: RunEvent, fact: ItemFact): RunState {
  const next = { ...state, items: { ...state.items, [id]: item } };
  if (fact.type === 'ChecksRead') return next;
  const contradiction =
    state.successor === undefined ? contradictionOf(item, id, fact) : begunAfterAll(state, item, id, fact);
  return {
    ...next,
    effectSequence: event.sequence,
    ...(contradiction === undefined ? {} : { contradiction: { item: id, message: contradiction } }),
  };
}

function itemAfter(item: ItemState, event: RunEvent, fact: ItemFact): ItemState {
  const { sequence, atMs } = event;
  const to = (name: TransitionName) => move(item.status, name, fact.item);
  switch (fact.type) {
    case 'ChecksRead': {
      const read = { sequence, passed: fact.passed, results: fact.results };
      const status = to(readTransition(item, fact));
      const isDone = item.isDone || (fact.of === 'gate' && fact.passed);
      const times = { startedAtMs: item.startedAtMs ?? atMs, ...(fact.of === 'gate' ? { endedAtMs: atMs } : {}) };
      const first = fact.of === 'gate' && fact.passed && item.firstPass === undefined ? { firstPass: read } : {};
      return { ...item, ...times, ...first, status, isDone, reads: { ...item.reads, [fact.of]: read } };
    }
    case 'StepStarted':
      return without(
        {
          ...item,
          status: to(fact.phase === 'do' ? 'step-started' : 'undo-started'),
          startedAtMs: item.startedAtMs ?? atMs,
          attempts: [
            ...item.attempts,
            {
              phase: fact.phase,
              attempt: fact.attempt,
              node: fact.node,
              action: fact.action,
              timeoutMs: fact.timeoutMs,
              startedSequence: sequence,
              startedAtMs: atMs,
              ...(fact.ledger === undefined ? {} : { ledger: fact.ledger }),
              isSettled: false,
            },
          ],
        },
        'intent',
      );
    case 'OutcomeRecorded':
      return {
        ...(isNewsOfRefused(item, fact) ? without(item, 'intent') : item),
        status: to(outcomeTransition(fact)),
        endedAtMs: atMs,
        attempts: item.attempts.map((attempt) =>
          attempt.phase !== fact.phase || attempt.attempt !== fact.attempt
            ? attempt
            : fact.late
              ? { ...attempt, lateOutcome: fact.outcome }
              : { ...attempt, outcome: fact.outcome, outcomeSequence: sequence },
        ),
      };
    case 'AttemptSettled': {
      // Of one that was refused the end is known.
      const isUnknown = item.attempts.some(
        ({ phase, attempt, outcome }) =>
          phase === 'do' && attempt === fact.attempt && (outcome === undefined || outcome.verdict === 'unknown'),
      );
      return {
        ...item,
        status: fact.phase === 'do' && isUnknown && !item.isDone ? to('step-settled') : item.status,
        attempts: item.attempts.map((attempt) =>
          attempt.phase === fact.phase && attempt.attempt === fact.attempt ? { ...attempt, isSettled: true } : attempt,
        ),
      };
    }
    case 'ItemSucceeded':
      return without(
        {
          ...item,
          status: to(fact.adopted ? 'item-adopted' : 'item-succeeded'),
          isDone: true,
          isAdopted: fact.adopted,
          endedAtMs: atMs,
        },
        'intent',
      );
    case 'ItemUndone':
      return without(
        {
          ...item,
          status: to(fact.how === 'undone' ? 'undone' : 'nothing-to-undo'),
          isUndone: true,
          endedAtMs: atMs,
          // Where nothing was done about it, it took as long as it took before.
          ...(fact.how !== 'undone' && item.endedAtMs !== undefined && { tookUntilMs: item.endedAtMs }),
        },
        'intent',
      );
  }
}

/** Which row of the table a reading is. */
export function readTransition(item: ItemState, fact: Extract<RunFact, { type: 'ChecksRead' }>): TransitionName {
  switch (fact.of) {
    case 'gate':
      return fact.passed ? 'gate-passed' : 'gate-failed';
    case 'before': {
      const attempt = latestAttempt(item, 'do');
      const isStarted = attempt !== undefined && isOpen(attempt);
      return fact.passed ? (isStarted ? 'may-still-start' : 'before-passed') : 'before-failed';
    }
    case 'then':
      if (item.isDone) return fact.passed ? 'still-holds' : 'no-longer-holds';
      if (item.status === 'unknown' && !fact.passed) return 'then-not-seen';
      return fact.passed ? 'then-passed' : 'then-failed';
    case 'undo-before':
      return fact.passed ? 'undo-may-start' : 'undo-must-wait';
    case 'undo-then':
      return fact.passed ? 'undo-verified' : 'undo-not-verified';
  }
}

/** Which row of the table an outcome is. */
export function outcomeTransition(fact: Extract<RunFact, { type: 'OutcomeRecorded' }>): TransitionName {
  if (fact.late) return 'told-late';
  if (fact.phase === 'undo') return 'undo-told';
  switch (fact.outcome.verdict) {
    case 'succeeded':
      return 'step-ended';
    case 'failed':
      return 'step-failed';
    case 'refused':
      return 'step-refused';
    case 'unknown':
      return 'step-unknown';
  }
}

function halted(state: RunState, fact: Extract<RunFact, { type: 'RunHalted' }>, atMs: number): RunState {
  const { halt } = fact;
  const item = itemState(state, halt.item);
  const isAsked = halt.reason === 'approval';
  const after: ItemState = without(
    {
      ...item,
      status: isAsked ? move(item.status, 'approval-asked', halt.item) : item.status,
      ...(isAsked ? { startedAtMs: item.startedAtMs ?? atMs, isRejected: false } : {}),
    },
    'intent',
  );
  return {
    ...without(without(state, 'contradiction'), 'successor'),
    status: fact.status,
    halt,
    isPauseRequested: halt.reason === 'paused' ? false : state.isPauseRequested,
    items: { ...state.items, [halt.item]: after },
  };
}

function decided(
  state: RunState,
  { sequence, atMs }: RunEvent,
  fact: Extract<RunFact, { type: 'OperatorDecided' }>,
): RunState {
  const looked = { ...state.looked, ...fact.ledgers };
  const heard = { ...state, looked, requestIds: [...state.requestIds, fact.requestId] };
  if (fact.decision === 'pause') return { ...heard, isPauseRequested: true };

  const on: RunState = without(
    { ...heard, status: 'running', eraSequence: sequence, operatorSequence: sequence, isPauseRequested: false },
    'halt',
  );
  const item = itemState(state, fact.item);
  const withItem = (change: Partial<ItemState>): RunState => ({
    ...on,
    items: { ...on.items, [fact.item]: { ...item, ...change } },
  });
  switch (fact.decision) {
    case 'resume':
      return on;
    case 'approve':
      // Of a step that would leave the window: it is not done by that.
      if (state.halt?.reason === 'window') return { ...on, isWindowLeft: true };
      return withItem({ status: move(item.status, 'approved', fact.item), isDone: true, endedAtMs: atMs });
    case 'reject':
      return withItem({ status: move(item.status, 'rejected', fact.item), isRejected: true, endedAtMs: atMs });
    case 'retry':
      return withRedo(withItem({ intent: 'retry', isRejected: false }), fact.redo ?? [], sequence);
    case 'adopt':
      return withItem({ intent: 'adopt' });
    case 'rollback':
    case 'recover':
      if (fact.successor === undefined) throw new Error(`run ${state.run}: a ${fact.decision} names no successor`);
      // What contradicted before was known to whoever planned the way back.
      return { ...without(on, 'contradiction'), successor: fact.successor };
    case 'abort':
      // Said while an attempt runs, it waits for its end; said at a halt, the attempt that stands is settled.
      return state.halt === undefined
        ? { ...withoutRedo(on), direction: 'undo' }
        : { ...withoutRedo(withItem({ intent: 'abort' })), direction: 'undo' };
  }
}

/** Puts done items back to be carried out again. */
function withRedo(state: RunState, ids: string[], redoSequence: number): RunState {
  const items = ids.map((id): [string, ItemState] => {
    const item = itemState(state, id);
    const attempt = latestAttempt(item, 'do');
    const name = attempt !== undefined && isOpen(attempt) ? 'redo-asked-of-unknown' : 'redo-asked';
    return [id, { ...item, status: move(item.status, name, id), isDone: false, redoSequence }];
  });
  return { ...state, items: { ...state.items, ...Object.fromEntries(items) } };
}

/** On the way back nothing is carried out again: what was done is done, and is undone as such. */
function withoutRedo(state: RunState): RunState {
  const items = Object.entries(state.items).map(([id, item]): [string, ItemState] => {
    const attempt = latestAttempt(item, 'do');
    const isWaiting = attempt !== undefined && attempt.startedSequence < (item.redoSequence ?? 0);
    return [id, isWaiting ? { ...item, status: move(item.status, 'redo-dropped', id), isDone: true } : item];
  });
  return { ...state, items: Object.fromEntries(items) };
}

/** The object without one of its optional fields. */
function without<T extends object, K extends keyof T>(value: T, name: K): T {
  if (!(name in value)) return value;
  const { [name]: _, ...rest } = value;
  return rest as T;
}
