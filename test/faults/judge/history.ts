// One run as its journal tells it, event by event, with what stood before each: what was read, started, ended and done.
// The judge’s own fold, kept apart from the product’s on purpose; it decides nothing.
import type { Evidence, EvidencePlan, LedgerEvidence } from './evidence.ts';
import {
  type ChecksRead,
  type JudgedEvent,
  type OperatorDecided,
  readEvent,
  type StepStarted,
} from './journal-facts.ts';

export type PlanItem = EvidencePlan['items'][number];

export interface History {
  run: string;
  events: JudgedEvent[];
  /** Absent for a run that was never begun. */
  plan: EvidencePlan | undefined;
}

/** Ways in which a run ends as it was meant to. */
export const wellEnded: readonly string[] = ['succeeded', 'rolled-back'];

export interface Attempt {
  key: string;
  start: StepStarted;
  startedAt: number;
  /** The newest outcome that was not late. */
  outcome?: string;
  endedAt?: number;
  settledAt?: number;
}

/** What stands before an event. Numbers are places in `events`; -1 is before the first. */
export interface Standing {
  /** Start, takeover or an operator’s word: what was read before it counts for nothing. */
  era: number;
  /** The newest event that may have changed the cluster. */
  effect: number;
  abortedAt: number | undefined;
  /** Where an operator has handed the run over to one that goes back; over with the next halt. */
  handedOverAt: number | undefined;
  /** Items that are done. */
  done: Map<string, number>;
  undone: Set<string>;
  /** To be carried out again with a later item. */
  redoing: Set<string>;
  attempts: Attempt[];
  /** The newest reading, by item and kind. */
  reads: Map<string, { at: number; read: ChecksRead }>;
  /** Where an operator has asked for another attempt of an item, or to take it as done; over with its next halt. */
  retried: Map<string, number>;
  adopted: Map<string, number>;
}

const known = new WeakMap<Evidence, History[]>();

/** The runs in the order of the evidence; of a damaged journal what of it can be read. */
export function historiesOf(evidence: Evidence): History[] {
  const histories =
    known.get(evidence) ??
    Object.entries(evidence.journals).map(([run, lines]) => ({
      run,
      events: lines.flatMap((line) => readEvent(line.event) ?? []),
      plan: evidence.plans[run]?.plan,
    }));
  known.set(evidence, histories);
  return histories;
}

export const itemOf = (history: History, id: string): PlanItem | undefined =>
  history.plan?.items.find((item) => item.id === id);

export const keyOf = (
  run: string,
  { item, phase, attempt }: { item: string; phase: string; attempt: number },
): string => `${run}/${item}/${phase}/${attempt}`;

export const runOfKey = (key: string): string => key.split('/')[0] ?? '';

export const attemptsOf = (standing: Standing, item: string, phase: 'do' | 'undo'): Attempt[] =>
  standing.attempts.filter(({ start }) => start.item === item && start.phase === phase);

/** Nobody has said yet how it ended, nor that it is over. */
export const isOpen = ({ outcome, settledAt }: Attempt): boolean =>
  settledAt === undefined && (outcome === undefined || outcome === 'unknown');

export const wasRestored = (evidence: Evidence, name: string): boolean => evidence.restored?.includes(name) ?? false;

/** How many events of a run are in every copy to which the coordinator was put back: what came later may be gone. */
export const keptOf = ({ coordinatorPutBack = [] }: Evidence, run: string): number =>
  Math.min(...coordinatorPutBack.map(({ journaled }) => journaled[run] ?? 0));

/** The ledger that must still know a run’s attempts; undefined where it may have forgotten them, or was not looked at. */
export function ledgerKnowing(evidence: Evidence, node: string, run: string): LedgerEvidence | undefined {
  const ledger = evidence.ledgers.find((one) => one.node === node);
  const hasForgotten = ledger?.closedRuns.includes(run) === true && ledger.keepsClosed !== true;
  return hasForgotten || wasRestored(evidence, node) ? undefined : ledger;
}

/** Shows each event with what stood before it, and gives what stands in the end. */
export function walk(
  { run, events }: History,
  visit: (event: JudgedEvent, standing: Standing, at: number) => void = () => undefined,
): Standing {
  const standing: Standing = {
    era: -1,
    effect: -1,
    abortedAt: undefined,
    handedOverAt: undefined,
    done: new Map(),
    undone: new Set(),
    redoing: new Set(),
    attempts: [],
    reads: new Map(),
    retried: new Map(),
    adopted: new Map(),
  };
  for (const [at, event] of events.entries()) {
    visit(event, standing, at);
    take(standing, run, event, at);
  }
  return standing;
}

function take(standing: Standing, run: string, { fact }: JudgedEvent, at: number): void {
  const attempt = (): Attempt | undefined =>
    'attempt' in fact ? standing.attempts.findLast(({ key }) => key === keyOf(run, fact)) : undefined;
  switch (fact.type) {
    case 'RunStarted':
    case 'LeaderChanged':
      standing.era = at;
      return;
    case 'ChecksRead':
      standing.reads.set(`${fact.item}/${fact.of}`, { at, read: fact });
      if (fact.of === 'gate' && fact.passed) standing.done.set(fact.item, at);
      return;
    case 'StepStarted':
      standing.attempts.push({ key: keyOf(run, fact), start: fact, startedAt: at });
      standing.redoing.delete(fact.item);
      break;
    case 'OutcomeRecorded': {
      const ended = attempt();
      if (ended !== undefined && !fact.late) Object.assign(ended, { outcome: fact.outcome.verdict, endedAt: at });
      break;
    }
    case 'AttemptSettled':
      Object.assign(attempt() ?? {}, { settledAt: at });
      break;
    case 'ItemSucceeded':
      standing.done.set(fact.item, at);
      break;
    case 'ItemUndone':
      standing.undone.add(fact.item);
      break;
    case 'RunHalted':
      standing.handedOverAt = undefined;
      standing.retried.delete(fact.halt.item);
      standing.adopted.delete(fact.halt.item);
      return;
    case 'OperatorDecided':
      hear(standing, fact, at);
      return;
    default:
      return;
  }
  standing.effect = at;
}

function hear(standing: Standing, fact: OperatorDecided, at: number): void {
  if (fact.decision === 'pause') return;
  standing.era = at;
  if (fact.decision === 'approve') standing.done.set(fact.item, at);
  if (fact.decision === 'rollback' || fact.decision === 'recover') standing.handedOverAt = at;
  if (fact.decision === 'adopt') standing.adopted.set(fact.item, at);
  if (fact.decision === 'retry')
    for (const item of [fact.item, ...(fact.redo ?? [])]) {
      standing.retried.set(item, at);
      if ((fact.redo ?? []).includes(item) && standing.done.delete(item)) standing.redoing.add(item);
    }
  if (fact.decision === 'abort') {
    standing.abortedAt ??= at;
    // On the way back nothing is carried out again: what was done stays done.
    for (const item of standing.redoing) standing.done.set(item, at);
  }
}
