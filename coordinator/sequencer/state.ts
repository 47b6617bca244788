// What a run's journal says, folded: enough to decide what comes next, and nothing that a restart would lose.
import type { Action } from '../../shared/actions/action.ts';
import type { PlanItemStatus } from '../../shared/documents.ts';
import type { Phase } from '../../shared/key.ts';
import type { LedgerMark } from '../../shared/ledger-mark.ts';
import type { Outcome } from '../../shared/outcome.ts';
import type { CheckResult } from '../checks/check.ts';
import type { Halt, RunFact, RunStatus, Successor } from '../journal/event.ts';

export type ReadOf = Extract<RunFact, { type: 'ChecksRead' }>['of'];

export interface JournaledRead {
  sequence: number;
  passed: boolean;
  results: CheckResult[];
}

/** One command under one key. */
export interface AttemptState {
  phase: Phase;
  attempt: number;
  node: string;
  action: Action;
  timeoutMs: number;
  startedSequence: number;
  startedAtMs: number;
  outcome?: Outcome;
  outcomeSequence?: number;
  /** Of the node when the intent was journaled; older journals do not say. */
  ledger?: LedgerMark;
  isSettled: boolean;
  /** An outcome that came after it was settled: evidence. */
  lateOutcome?: Outcome;
}

export interface ItemState {
  status: PlanItemStatus;
  attempts: AttemptState[];
  reads: Partial<Record<ReadOf, JournaledRead>>;
  /** Of a gate: what it read when it let the run pass first, before anything behind it had begun. */
  firstPass?: JournaledRead;
  isDone: boolean;
  isAdopted: boolean;
  isUndone: boolean;
  isRejected: boolean;
  /** What an operator wants for the attempt that stands; over with the next start, success or halt. */
  intent?: 'retry' | 'adopt' | 'abort';
  /** To be carried out again, with a later item's retry: attempts before this event count for nothing. */
  redoSequence?: number;
  startedAtMs?: number;
  endedAtMs?: number;
  /** Its own end, where an abort came by later and found nothing to undo. */
  tookUntilMs?: number;
}

export interface RunState {
  run: string;
  status: RunStatus;
  /** Newest event folded in. */
  sequence: number;
  lastType: RunFact['type'] | '';
  epoch: number;
  started?: Extract<RunFact, { type: 'RunStarted' }>;
  startedAtMs: number;
  endedAtMs?: number;
  ended?: Extract<RunFact, { type: 'RunEnded' }>;
  /** Conditions read before this event count for nothing: start, takeover, or an operator's word. */
  eraSequence: number;
  /** Newest event that may have changed the cluster: what was read before it may be outdated. */
  effectSequence: number;
  /** Newest word of an operator: attempts since then are Baton's own. */
  operatorSequence: number;
  direction: 'forward' | 'undo';
  isPauseRequested: boolean;
  /** An operator has said that it may go on outside of the maintenance window. */
  isWindowLeft?: true;
  /** The run that goes back from here, once nothing of this one runs any more; over with the next halt. */
  successor?: Successor;
  halt?: Halt;
  /** Why a late outcome contradicts what was done since; an operator has to look. */
  contradiction?: { item: string; message: string };
  items: Readonly<Record<string, ItemState>>;
  metered?: Extract<RunFact, { type: 'PortalMetered' }>;
  requestIds: readonly string[];
  /** By node, the ledger's generation that an operator has decided in sight of. */
  looked: Readonly<Record<string, string>>;
}

/** State of a run without events. */
export function initialState(run: string): RunState {
  return {
    run,
    status: 'running',
    sequence: 0,
    lastType: '',
    epoch: 0,
    startedAtMs: 0,
    eraSequence: 0,
    effectSequence: 0,
    operatorSequence: 0,
    direction: 'forward',
    isPauseRequested: false,
    items: {},
    requestIds: [],
    looked: {},
  };
}

const untouched: ItemState = {
  status: 'pending',
  attempts: [],
  reads: {},
  isDone: false,
  isAdopted: false,
  isUndone: false,
  isRejected: false,
};

/** State of an item, also of one that nothing was said of yet. */
export const itemState = (state: RunState, item: string): ItemState => state.items[item] ?? untouched;

/** What the run's gates found when they let it pass first: how things were before whatever came behind them. */
export const earlierIn =
  (state: RunState) =>
  (item: string): CheckResult[] =>
    itemState(state, item).firstPass?.results ?? [];

/** The newest attempt of a phase. */
export function latestAttempt(item: ItemState, phase: Phase): AttemptState | undefined {
  return item.attempts.filter((attempt) => attempt.phase === phase).at(-1);
}

/** Something of it may still run, as far as the journal knows. */
export function isOpen(attempt: AttemptState): boolean {
  return !attempt.isSettled && (attempt.outcome === undefined || attempt.outcome.verdict === 'unknown');
}

/** Its agent may have carried something of it out: everything but a refusal that nothing contradicts since. */
export function mayHaveBegun({ outcome, lateOutcome }: AttemptState): boolean {
  return outcome?.verdict !== 'refused' || (lateOutcome !== undefined && lateOutcome.verdict !== 'refused');
}

/**
 * Open, or refused: the same command may still be on its way, and a node that refuses it now may take it later. Before
 * anything else is done about its step there is a tombstone.
 */
export function isToSettle(attempt: AttemptState): boolean {
  return isOpen(attempt) || (attempt.outcome?.verdict === 'refused' && !attempt.isSettled);
}

/** Every attempt that may still run, with its item. */
export function openAttempts(state: RunState): { item: string; attempt: AttemptState }[] {
  return Object.entries(state.items).flatMap(([item, { attempts }]) =>
    attempts.filter(isOpen).map((attempt) => ({ item, attempt })),
  );
}

/** The run stands still and waits for a person. */
export const isStanding = (state: RunState): boolean =>
  state.status === 'halted' || state.status === 'awaiting-operator';
